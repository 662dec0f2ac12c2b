/**
 * npm run bench -- --cancel [--rows N] [--json]
 *
 * Cancels a migration at several moments of each phase, and measures how long it takes until the answer is there. Looks
 * afterwards whether the target is as empty as it was, the fence down and the work folder cleared. Exit status: 0 all of it
 * is so; 1 something was left. The time is printed and judged by who reads it.
 */
import { copyFile, mkdtemp, readdir, rm } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { parseArgs } from 'node:util'
import pg from 'pg'
import { z } from 'zod'
import { lowerSourceFence } from '@/lib/migration/discard-copy'
import { migrateDatabase } from '@/lib/migration/migrate-database'
import { migrationPhases } from '@/lib/migration/migration-result'
import { readFence } from '@/lib/sqlite/fence'
import { openSqlite } from '@/lib/sqlite/open-database'
import { startEmbeddedPostgres } from '@/scripts/embedded-postgres'
import { buildSource } from './source-database'

const { values } = parseArgs({
  options: { cancel: { type: 'boolean' }, rows: { type: 'string', default: '1500000' }, json: { type: 'boolean', default: false } },
})
const rows = Number(values.rows)
/** Milliseconds after the beginning of a phase. A phase that is over by then is cancelled in the one that runs. */
const moments = [0, 100, 500, 1_500, 3_000]

interface Cancel {
  readonly phase: string
  readonly afterMs: number
  /** Null where the migration was over before. */
  readonly answerMs: number | null
  readonly isClean: boolean
}

const leftRow = z.tuple([z.object({ objects: z.number() })])

const folder = await mkdtemp(join(tmpdir(), 'bascule-cancel-'))
const built = await buildSource(join(tmpdir(), 'bascule-bench', `source-${rows}.db`), rows)
const sourcePath = join(folder, 'source.db')
await copyFile(built.path, sourcePath)
const server = await startEmbeddedPostgres({ dataDir: join(folder, 'postgres'), persistent: false, durable: true })
try {
  const cancels: Cancel[] = []
  for (const phase of migrationPhases) {
    for (const afterMs of moments) {
      const cancel = await cancelAt(phase, afterMs, `cancel_${cancels.length + 1}`)
      cancels.push(cancel)
      const answer = cancel.answerMs === null ? 'over before' : `${cancel.answerMs.toFixed(0)} ms`
      console.error(`${phase} + ${afterMs} ms: ${answer}${cancel.isClean ? '' : ', and something was left'}`)
    }
  }
  const longestMs = Math.max(...cancels.map(({ answerMs }) => answerMs ?? 0))
  console.error(`longest answer ${longestMs.toFixed(0)} ms`)
  if (values.json) console.log(JSON.stringify({ rows, longestMs, cancels }))
  process.exitCode = cancels.every(({ isClean }) => isClean) ? 0 : 1
} finally {
  await server.stop()
  await rm(folder, { recursive: true, force: true })
}

async function cancelAt(phase: string, afterMs: number, database: string): Promise<Cancel> {
  await onServer(server.url, `CREATE DATABASE ${database} TEMPLATE template0 ENCODING 'UTF8'`)
  const targetUrl = server.url.replace(/\/postgres$/, `/${database}`)
  const workDir = join(folder, database)
  const controller = new AbortController()
  let cancelledAt: number | null = null
  let timer: NodeJS.Timeout | undefined
  const model = { kind: 'history', folder: 'prisma/postgresql/migrations' } as const
  const result = await migrateDatabase(
    { jobId: database, sourcePath, targetUrl, model, workDir, fenceSource: true, setAside: false, dryRun: false },
    (event) => {
      if (event.type !== 'phase' || event.phase !== phase || event.status !== 'started') return
      timer ??= setTimeout(() => {
        cancelledAt = performance.now()
        controller.abort()
      }, afterMs)
    },
    controller.signal,
  )
  const endedAt = performance.now()
  clearTimeout(timer)
  const wasCancelled = result.error?.code === 'CANCELLED'
  const isClean = wasCancelled ? await isAsBefore(targetUrl, workDir) : result.status === 'succeeded'
  if (!wasCancelled) lowerSourceFence(sourcePath)
  await onServer(server.url, `DROP DATABASE ${database} WITH (FORCE)`)
  await rm(workDir, { recursive: true, force: true })
  return { phase, afterMs, answerMs: wasCancelled && cancelledAt !== null ? endedAt - cancelledAt : null, isClean }
}

/** Nothing of the copy on the target, no session of it, no fence in the source, no work file. */
async function isAsBefore(targetUrl: string, workDir: string): Promise<boolean> {
  const rowsLeft = await onServer(
    targetUrl,
    `SELECT ((SELECT count(*) FROM pg_class c JOIN pg_namespace n ON n.oid = c.relnamespace WHERE n.nspname !~ '^(pg_|information_schema)')
       + (SELECT count(*) FROM pg_type t JOIN pg_namespace n ON n.oid = t.typnamespace WHERE n.nspname !~ '^(pg_|information_schema)')
       + (SELECT count(*) FROM pg_namespace WHERE nspname !~ '^(pg_|information_schema|public$)'))::int AS objects`,
  )
  const [{ objects }] = leftRow.parse(rowsLeft)
  const db = openSqlite(sourcePath, { readonly: true })
  const fence = readFence(db)
  db.close()
  const files = await readdir(workDir).catch(() => [])
  return objects === 0 && fence === null && files.length === 0
}

async function onServer(url: string, sql: string): Promise<readonly unknown[]> {
  const client = new pg.Client({ connectionString: url })
  await client.connect()
  try {
    return (await client.query(sql)).rows
  } finally {
    await client.end()
  }
}
