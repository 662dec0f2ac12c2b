import { mkdtemp, rm } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { afterEach, beforeEach, describe, expect, inject, it } from 'vitest'
import { type ControlStore, openControlStore } from '@/lib/control/control-store'
import { createLogger } from '@/lib/core/logger'
import { createPostgresDatabase, withPostgres } from '@/tests/support/postgres-databases'
import { createSqliteDatabase } from '@/tests/support/sqlite-databases'
import type { HistoryFigures, HistoryPoint } from '../history-points'
import { figuresOf, type Reading } from './counters'
import { readHistory, savePoint, thinHistory } from './history-store'
import { takeSample } from './run-sampler'

const logger = createLogger('test', 'fatal')
const minute = 60_000
const day = 86_400_000

let folder: string
let store: ControlStore
let now: Date

beforeEach(async () => {
  folder = await mkdtemp(join(tmpdir(), 'bascule-history-'))
  now = new Date('2026-05-10T12:00:00Z')
  store = await openControlStore(join(folder, 'control.db'), { clock: { now: () => now } })
})
afterEach(async () => {
  await store.close()
  await rm(folder, { recursive: true, force: true })
})

const reading = (atMs: number, counters: Partial<Reading['counters']>, database = 'one'): Reading => ({
  engine: 'postgresql',
  database,
  atMs,
  counters: { transactions: null, writes: null, hits: null, reads: null, walBytes: null, ...counters },
  gauges: { ...empty, sizeBytes: 100, connections: 4 },
})
const empty = {
  sizeBytes: null,
  tablesBytes: null,
  indexesBytes: null,
  rows: null,
  connections: null,
  idleInTransaction: null,
  blocked: null,
  deadRows: null,
  walBytes: null,
  freeBytes: null,
  busyShare: null,
}
const figures = (values: Partial<HistoryFigures>): HistoryFigures => ({
  ...empty,
  connectionsPeak: null,
  cacheHitShare: null,
  transactionsPerSecond: null,
  writesPerSecond: null,
  writesPeak: null,
  walBytesPerSecond: null,
  ...values,
})
const point = (at: Date, values: Partial<HistoryFigures>, engine: HistoryPoint['engine'] = 'sqlite'): HistoryPoint => ({
  span: 'minute',
  at: at.toISOString(),
  engine,
  figures: figures(values),
})

describe('a point of the history', () => {
  it('has rates since the one before, and the share of reads from memory in between', () => {
    const before = reading(0, { transactions: 100, writes: 10, hits: 1000, reads: 1000, walBytes: 0 })
    const after = reading(minute, { transactions: 700, writes: 40, hits: 1090, reads: 1010, walBytes: 6000 })
    expect(figuresOf(after, before)).toMatchObject({
      transactionsPerSecond: 10,
      writesPerSecond: 0.5,
      writesPeak: 0.5,
      cacheHitShare: 0.9,
      walBytesPerSecond: 100,
      connectionsPeak: 4,
    })
  })

  it.each([
    ['nothing before', null],
    ['a counter that was reset', reading(0, { transactions: 10_000 })],
    ['another database', reading(0, { transactions: 1 }, 'two')],
    ['a worker that was away', reading(minute - 20 * minute, { transactions: 1 })],
  ])('has no rate with %s', (_name, before) => {
    expect(figuresOf(reading(minute, { transactions: 700 }), before).transactionsPerSecond).toBeNull()
  })
})

describe('the history', () => {
  it('keeps a minute once, whoever measures it', async () => {
    expect(await savePoint(store, point(now, { sizeBytes: 1 }))).toBe(true)
    expect(await savePoint(store, point(now, { sizeBytes: 2 }))).toBe(false)
  })

  it('folds minutes into hours and hours into days, keeps the peaks, and forgets after 90 days', async () => {
    for (const [age, size, peak] of [
      [95 * day, 1, 1],
      [40 * day, 10, 5],
      [40 * day - minute, 30, 9],
      [3 * day, 100, 2],
      [3 * day - minute, 300, 8],
      [minute, 7, 7],
    ] as const)
      await savePoint(store, point(new Date(now.getTime() - age), { sizeBytes: size, writesPeak: peak }))
    await thinHistory(store)
    await thinHistory(store)
    const rows = await store.read.historyPoint.findMany({ orderBy: { at: 'asc' } })
    expect(rows.map(({ span, figures: json }) => [span, JSON.parse(json).sizeBytes, JSON.parse(json).writesPeak])).toEqual([
      ['day', 20, 9],
      ['hour', 200, 8],
      ['minute', 7, 7],
    ])
  })

  it('draws at most a few hundred points, oldest first, and says from where on there is a gap', async () => {
    for (let age = 600; age > 0; age -= 1) await savePoint(store, point(new Date(now.getTime() - age * minute), { sizeBytes: age }))
    const history = await readHistory(store, 'day')
    expect(history.points.length).toBeLessThanOrEqual(400)
    expect(history.points.at(-1)?.figures.sizeBytes).toBe(1)
    expect(history.gapMs).toBeGreaterThan(2 * minute)
    expect((await readHistory(store, 'week')).points.length).toBeLessThanOrEqual(11)
  })

  it('is measured on an SQLite file: size, log, write rate, locks', async () => {
    await using database = await createSqliteDatabase('PRAGMA journal_mode = WAL; CREATE TABLE t (id INTEGER PRIMARY KEY)')
    const source = { engine: 'sqlite', path: database.path } as const
    await takeSample({ store, active: async () => ({ source, isWritable: true }), logger }, null)
    const { points } = await readHistory(store, 'day')
    expect(points).toMatchObject([{ engine: 'sqlite', figures: { sizeBytes: 8192, busyShare: 0 } }])
  })
})

describe.each(inject('postgresServers'))('the history of $name', (server) => {
  it('is measured: size, connections, rates', async () => {
    await using database = await createPostgresDatabase(server)
    await withPostgres(database.url, (client) => client.query('CREATE TABLE t AS SELECT n FROM generate_series(1, 1000) n'))
    const source = { engine: 'postgresql', url: database.url } as const
    const dependencies = { store, active: async () => ({ source, isWritable: true }), logger }
    const first = await takeSample(dependencies, null)
    now = new Date(now.getTime() + minute)
    await withPostgres(database.url, (client) => client.query('INSERT INTO t SELECT n FROM generate_series(1, 1000) n'))
    await takeSample(dependencies, first)
    const { points } = await readHistory(store, 'day')
    expect(points).toHaveLength(2)
    const [, second] = points
    expect(second?.figures.sizeBytes).toBeGreaterThan(1_000_000)
    expect(second?.figures.walBytesPerSecond).toBeGreaterThan(0)
    expect(second?.figures.transactionsPerSecond).not.toBeNull()
  })
})
