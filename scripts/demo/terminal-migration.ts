import { z } from 'zod'
import { runScript } from '../run-script'
import { appEnvironment } from './app'
import type { DemoFolder, DemoSettings } from './demo-folder'
import { createDatabase, dropDatabase } from './postgres-database'

export interface TerminalMigrationOptions {
  readonly folder: DemoFolder
  readonly settings: DemoSettings
  readonly postgresUrl: string
  readonly signal: AbortSignal
  readonly say: (line: string) => void
}

const databaseName = 'cvsite_terminal'

/** The part of `migrate:postgres -- --json` that is shown. */
const resultSchema = z.object({
  status: z.enum(['succeeded', 'failed']),
  tables: z.array(z.object({ table: z.string(), sourceRows: z.number().nullable(), targetRows: z.number().nullable() })),
  elapsedMs: z.number(),
  error: z.object({ code: z.string(), message: z.string(), hint: z.string().optional() }).nullish(),
})

/**
 * The main job in the terminal: `migrate:postgres` of the demo's SQLite file to a fresh database of the embedded
 * server, beside the one that the browser's button uses. Answers the command's own exit status.
 */
export async function migrateInTerminal({ folder, settings, postgresUrl, signal, say }: TerminalMigrationOptions): Promise<number> {
  await dropDatabase(postgresUrl, databaseName)
  const targetUrl = await createDatabase(postgresUrl, databaseName)
  say(`Migrating ${folder.database} to the database ${databaseName} …`)
  const args = ['--source', `file:${folder.database}`, '--target', targetUrl, '--schema', 'prisma/schema.prisma', '--json']
  const { status, output } = await runScript('scripts/migrate-to-postgres.ts', args, {
    root: folder.root,
    env: appEnvironment(folder, settings, { port: 3000 }),
    signal,
  })
  const parsed = resultSchema.safeParse(parseLastLine(output))
  if (!parsed.success) {
    console.error(`migrate:postgres ended with ${status} and without a result.\n${output}`)
    return status || 1
  }
  for (const line of resultLines(parsed.data)) say(line)
  return status
}

/** The counts side by side, and the verdict. */
function resultLines(result: z.infer<typeof resultSchema>): readonly string[] {
  const width = Math.max(5, ...result.tables.map(({ table }) => table.length))
  const row = (name: string, left: string, right: string, verdict: string) =>
    `  ${name.padEnd(width)}  ${left.padStart(12)}  ${right.padStart(12)}  ${verdict}`
  const shown = (count: number | null) => (count === null ? '?' : count.toLocaleString('en'))
  const sum = (side: 'sourceRows' | 'targetRows') => result.tables.reduce((total, table) => total + (table[side] ?? 0), 0)
  const tables = result.tables.map(({ table, sourceRows, targetRows }) =>
    row(table, shown(sourceRows), shown(targetRows), sourceRows !== null && sourceRows === targetRows ? 'equal' : 'DIFFERENT'),
  )
  const seconds = (result.elapsedMs / 1000).toFixed(1)
  const error = result.error ? [result.error.message, ...(result.error.hint ? [result.error.hint] : [])] : []
  const total = row('total', shown(sum('sourceRows')), shown(sum('targetRows')), '')
  const verdict = result.status === 'succeeded' ? `Migrated in ${seconds} s.` : `Failed after ${seconds} s.`
  return ['', row('table', 'SQLite', 'PostgreSQL', ''), ...tables, total, '', ...error, verdict]
}

function parseLastLine(output: string): unknown {
  try {
    return JSON.parse(output.trimEnd().split('\n').at(-1) ?? '')
  } catch {
    return undefined
  }
}
