import { spawn, spawnSync } from 'node:child_process'
import pg from 'pg'
import { timed } from './measure'

export interface PgloaderRun {
  readonly version: string
  readonly wallMs: number
  readonly exitStatus: number | null
  /** What it lost or changed, found by looking. */
  readonly losses: readonly string[]
}

/** Runs pgloader when it is installed, into an empty database, and looks at what arrived; null when there is none. */
export async function runPgloader(sourcePath: string, targetUrl: string, expectedForeignKeys: number): Promise<PgloaderRun | null> {
  const version = spawnSync('pgloader', ['--version'], { encoding: 'utf8' })
  if (version.status !== 0) return null
  const { value: exitStatus, wallMs } = await timed(() => run(['--quiet', '--with', 'quote identifiers', sourcePath, targetUrl]))
  return {
    version: /"([^"]+)"/.exec(version.stdout)?.[1] ?? 'unknown',
    wallMs,
    exitStatus,
    losses: await findLosses(targetUrl, expectedForeignKeys),
  }
}

function run(args: readonly string[]): Promise<number | null> {
  const child = spawn('pgloader', args, { stdio: ['ignore', 'ignore', 'inherit'] })
  return new Promise((resolve, reject) => child.on('error', reject).on('close', resolve))
}

async function findLosses(targetUrl: string, expectedForeignKeys: number): Promise<readonly string[]> {
  const client = new pg.Client({ connectionString: targetUrl })
  await client.connect()
  try {
    const losses: string[] = []
    const keys = await client.query<{ n: number }>(`SELECT count(*)::int AS n FROM pg_constraint WHERE contype = 'f'`)
    const found = keys.rows[0]?.n ?? 0
    if (found < expectedForeignKeys) losses.push(`${expectedForeignKeys - found} of ${expectedForeignKeys} foreign keys`)
    const types = await client.query<{ column: string; type: string }>(
      `SELECT table_name || '.' || column_name AS column, data_type AS type FROM information_schema.columns
       WHERE table_schema = 'public' AND (data_type = 'real' OR (column_name IN ('metadata', 'properties', 'outline') AND data_type = 'text'))
       ORDER BY 1`,
    )
    for (const { column, type } of types.rows) losses.push(`${column} became ${type}${type === 'real' ? ' (7 digits)' : ''}`)
    return losses
  } finally {
    await client.end()
  }
}
