/**
 * npm run bench -- --live, or: npx tsx bench/live.ts [--rows N] [--processes N] [--per-second N] [--rounds N] [--target URL] [--json]
 *
 * Moves an app that several processes write to, through its own database layer, to PostgreSQL and back, and counts afterwards.
 * Without --target, which names a database to make others beside, an embedded PostgreSQL is started. Exit status: 0 every
 * acknowledged write is there exactly once; 1 one is not.
 */
import { mkdtemp, rm } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { parseArgs } from 'node:util'
import pg from 'pg'
import { startEmbeddedPostgres } from '@/scripts/embedded-postgres'
import { runRoundTrips } from './live/round-trips'

const { values } = parseArgs({
  options: {
    live: { type: 'boolean' },
    rows: { type: 'string', default: '500000' },
    processes: { type: 'string', default: '3' },
    'per-second': { type: 'string', default: '200' },
    rounds: { type: 'string', default: '3' },
    target: { type: 'string' },
    json: { type: 'boolean', default: false },
  },
})
const folder = await mkdtemp(join(tmpdir(), 'bascule-live-'))
const cluster =
  values.target === undefined ? await startEmbeddedPostgres({ dataDir: join(folder, 'postgres'), persistent: false, durable: true }) : null
const serverUrl = values.target ?? cluster?.url ?? ''
const made: string[] = []

async function onServer(sql: string): Promise<void> {
  const client = new pg.Client({ connectionString: serverUrl })
  await client.connect()
  await client.query(sql).finally(() => client.end())
}

try {
  const result = await runRoundTrips({
    folder: await mkdtemp(join(folder, 'app-')),
    createTarget: async () => {
      const name = `bascule_live_${process.pid}_${made.length + 1}`
      await onServer(`CREATE DATABASE ${name}`)
      made.push(name)
      const url = new URL(serverUrl)
      url.pathname = `/${name}`
      return url.href
    },
    rows: Number(values.rows),
    processes: Number(values.processes),
    perSecond: Number(values['per-second']),
    rounds: Number(values.rounds),
    writesBetween: Math.ceil((Number(values['per-second']) * 3) / Number(values.processes)),
    say: (line) => console.error(line),
  })
  console.error(`${result.acknowledged} writes acknowledged, ${result.refused} refused, ${result.faults.length} faults`)
  console.error(
    `longest wait ${result.longestWaitMs} ms; p50 ${result.p50Ms} ms, p99 ${result.p99Ms} ms, p99 in the two seconds before a switch ${result.p99DuringSwitchMs} ms`,
  )
  console.error(`longest wait of a write under way at each switch, over and back in turn: ${result.longestAtSwitchMs.join(', ')} ms`)
  const middle = result.followedMs[Math.floor(result.followedMs.length / 2)] ?? 0
  console.error(`the processes followed a flip after ${middle} ms in the median, ${result.followedMs.at(-1) ?? 0} ms at worst`)
  for (const fault of result.faults.slice(0, 20)) console.error(fault)
  if (values.json) console.log(JSON.stringify(result))
  process.exitCode = result.faults.length === 0 ? 0 : 1
} finally {
  for (const name of made) await onServer(`DROP DATABASE IF EXISTS ${name} WITH (FORCE)`).catch(() => undefined)
  await cluster?.stop()
  await rm(folder, { recursive: true, force: true })
}
