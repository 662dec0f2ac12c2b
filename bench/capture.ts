/**
 * npm run bench -- --capture [--rows N] [--runs N] [--json]: what the change log of a live migration costs those who write. The
 * same writes with the log armed and without it, in turns, on one file in WAL mode; medians of the runs, and their ratio.
 */
import { copyFile, mkdir, rm } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { setTimeout as delay } from 'node:timers/promises'
import Database from 'better-sqlite3'
import { Command } from 'commander'
import { openSqliteClient } from '@/lib/database/sqlite-client'
import { readSqliteCatalogue } from '@/lib/sqlite/catalogue'
import { armChangeLog, countChanges, disarmChangeLog, highestChange } from '@/lib/sqlite/change-log'
import { buildSource } from './source-database'

interface Measured {
  /** Milliseconds that one write took, commit included. */
  readonly medianMs: number
  readonly p99Ms: number
  readonly perSecond: number
}

interface Load {
  readonly name: string
  /** Writes `count` times and answers how long each took. */
  run(path: string, count: number, round: number): Promise<readonly number[]>
  readonly writes: number
}

const options = new Command('bench')
  .option('--capture', 'this measurement')
  .option('--rows <number>', 'rows of the file', '200000')
  .option('--runs <number>', 'runs of each kind', '5')
  .option('--json', 'one JSON object on the last line of standard output', false)
  .parse()
  .opts<{ rows: string; runs: string; json: boolean }>()
const rows = Number(options.rows)
const runs = Number(options.runs)
if (!Number.isInteger(rows) || rows < 1_000 || !Number.isInteger(runs) || runs < 1) {
  console.error('--rows takes a whole number, at least 1000; --runs one, at least 1')
  process.exit(2)
}

/** An insert with three unique indexes to look at, an update, and a delete, in turns; each commits by itself. */
function rawWrites(path: string, round: number) {
  const db = new Database(path)
  db.pragma('synchronous = FULL')
  db.pragma('foreign_keys = ON')
  const insert = db.prepare(
    `INSERT INTO "User" (id, email, "passwordHash", "updatedAt") VALUES (?, ?, 'x', '2026-01-01T00:00:00.000+00:00')`,
  )
  const update = db.prepare(`UPDATE "User" SET "updatedAt" = '2026-02-02T00:00:00.000+00:00' WHERE id = ?`)
  const remove = db.prepare(`DELETE FROM "User" WHERE id = ?`)
  const write = (step: number) => {
    const id = `bench-${round}-${Math.floor(step / 3)}`
    if (step % 3 === 0) insert.run(id, `${id}@example.org`)
    else if (step % 3 === 1) update.run(id)
    else remove.run(id)
  }
  return { db, write }
}

const loads: readonly Load[] = [
  {
    name: 'better-sqlite3, a commit each, full speed',
    writes: 1_000,
    run: async (path, count, round) => {
      const { db, write } = rawWrites(path, round)
      const times = timed(count, write)
      db.close()
      return times
    },
  },
  {
    name: 'better-sqlite3, 100 writes a commit, full speed',
    writes: 100,
    run: async (path, count, round) => {
      const { db, write } = rawWrites(path, round)
      let step = 0
      const batch = db.transaction(() => {
        for (let index = 0; index < 99; index += 1) write(step++)
      })
      const times = timed(count, () => batch())
      db.close()
      return times
    },
  },
  {
    name: 'better-sqlite3, a commit each, 500 a second',
    writes: 750,
    run: async (path, count, round) => {
      const { db, write } = rawWrites(path, round)
      const started = performance.now()
      const times: number[] = []
      for (let step = 0; step < count; step += 1) {
        const wait = started + step * 2 - performance.now()
        if (wait > 1) await delay(wait)
        times.push(...timed(1, () => write(step)))
      }
      db.close()
      return times
    },
  },
  {
    name: 'Prisma, as the app writes',
    writes: 300,
    run: async (path, count, round) => {
      const client = await openSqliteClient(path)
      const times: number[] = []
      for (let step = 0; step < count; step += 1) {
        const id = `prisma-${round}-${Math.floor(step / 3)}`
        const from = performance.now()
        await client.transact(async (transaction) => {
          if (step % 3 === 0) await transaction.user.create({ data: { id, email: `${id}@example.org`, passwordHash: 'x' } })
          else if (step % 3 === 1) await transaction.user.update({ where: { id }, data: { name: 'changed' } })
          else await transaction.user.delete({ where: { id } })
        })
        times.push(performance.now() - from)
      }
      await client.close()
      return times
    },
  },
]

const folder = join(tmpdir(), 'bascule-bench')
await mkdir(folder, { recursive: true })
const source = await buildSource(join(folder, `source-${rows}.db`), rows)
const path = join(folder, `capture-${process.pid}.db`)
const results: { name: string; without: Measured; armed: Measured; ratio: number }[] = []
try {
  for (const suffix of ['', '-wal', '-shm']) await rm(`${path}${suffix}`, { force: true })
  await copyFile(source.path, path)
  const db = new Database(path)
  db.pragma('journal_mode = WAL')
  const { tables } = readSqliteCatalogue(db)
  let round = 0
  for (const load of loads) {
    const measured = { without: [] as Measured[], armed: [] as Measured[] }
    for (let run = 0; run < runs; run += 1) {
      // In turns, and each first in every other run: a machine that grows slower or faster favours neither.
      for (const kind of run % 2 === 0 ? (['without', 'armed'] as const) : (['armed', 'without'] as const)) {
        if (kind === 'armed') armChangeLog(db, tables)
        db.pragma('wal_checkpoint(TRUNCATE)')
        const times = await load.run(path, load.writes, round++)
        measured[kind].push(summary(times))
        if (kind === 'armed') {
          if (countChanges(db, 0, highestChange(db)) < load.writes) throw new Error('The log has fewer entries than there were writes.')
          disarmChangeLog(db)
        }
      }
    }
    const without = middle(measured.without)
    const armed = middle(measured.armed)
    const ratio = armed.medianMs / without.medianMs
    results.push({ name: load.name, without, armed, ratio })
    console.error(
      `${load.name}: ${without.medianMs.toFixed(3)} ms a write without, ${armed.medianMs.toFixed(3)} ms armed (×${ratio.toFixed(3)}); p99 ${without.p99Ms.toFixed(2)} and ${armed.p99Ms.toFixed(2)} ms`,
    )
  }
  db.close()
} finally {
  for (const suffix of ['', '-wal', '-shm']) await rm(`${path}${suffix}`, { force: true })
}
if (options.json) console.log(JSON.stringify({ rows, runs, capture: results }))

function timed(count: number, write: (step: number) => void): number[] {
  return Array.from({ length: count }, (_, step) => {
    const from = performance.now()
    write(step)
    return performance.now() - from
  })
}

function summary(times: readonly number[]): Measured {
  const sorted = times.toSorted((a, b) => a - b)
  const at = (share: number) => sorted[Math.min(sorted.length - 1, Math.floor(sorted.length * share))] ?? 0
  return { medianMs: at(0.5), p99Ms: at(0.99), perSecond: (1000 * sorted.length) / sorted.reduce((sum, time) => sum + time, 0) }
}

/** The median of the runs, figure by figure. */
function middle(all: readonly Measured[]): Measured {
  const median = (of: (one: Measured) => number) => all.map(of).toSorted((a, b) => a - b)[Math.floor(all.length / 2)] ?? 0
  return { medianMs: median((one) => one.medianMs), p99Ms: median((one) => one.p99Ms), perSecond: median((one) => one.perSecond) }
}
