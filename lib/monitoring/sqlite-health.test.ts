import { open } from 'node:fs/promises'
import Database from 'better-sqlite3'
import { afterEach, beforeEach, describe, expect, it } from 'vitest'
import { type ControlStore, openControlStore } from '@/lib/control/control-store'
import type { MaintenanceOperation } from '@/lib/core/maintenance-operations'
import type { ProgressEvent } from '@/lib/core/progress'
import { addForeignIndexes } from '@/lib/sqlite/testing/foreign-tokenizer'
import { readWriteCount } from '@/lib/sqlite/write-count'
import { expectWords } from '@/tests/support/health-words'
import { createSqliteDatabase, type TestSqliteDatabase } from '@/tests/support/sqlite-databases'
import { readHealth } from './health'
import { type CheckCode, type HealthReport, healthReportSchema } from './health-report'
import { maintain } from './maintenance/maintain'
import type { Thresholds } from './thresholds'

const never = new AbortController().signal
const tiny: Partial<Thresholds> = { freeBytes: 4096, freeShare: 0.1, walBytes: 20_000, indexedFromRows: 100, busyShare: 0.2 }

let database: TestSqliteDatabase
let store: ControlStore

beforeEach(async () => {
  database = await createSqliteDatabase(
    `PRAGMA journal_mode = WAL;
     CREATE TABLE parent (id INTEGER PRIMARY KEY, name TEXT);
     CREATE TABLE child (id INTEGER PRIMARY KEY, parent_id INTEGER REFERENCES parent (id), note TEXT);
     CREATE INDEX child_note ON child (note); CREATE INDEX child_note_again ON child (note);
     CREATE INDEX parent_name ON parent (name); CREATE INDEX parent_name_id ON parent (name, id);
     WITH RECURSIVE s(n) AS (SELECT 1 UNION ALL SELECT n + 1 FROM s WHERE n < 2000)
     INSERT INTO child (note) SELECT hex(randomblob(100)) FROM s;`,
  )
  store = await openControlStore(`${database.folder}/control.db`)
})
afterEach(async () => {
  await store.close()
  await database.remove()
})

const source = () => ({ engine: 'sqlite', path: database.path }) as const
const read = async () => {
  const report = healthReportSchema.parse(await readHealth(source(), { thresholds: tiny, store }))
  expectWords(report)
  return report
}
const run = (operation: MaintenanceOperation, report: (event: ProgressEvent) => void = () => undefined) =>
  maintain(source(), store, { operation }, report, never)

describe('the health of an SQLite file', () => {
  it('knows the file, its tables and indexes, and finds what is missing and double', async () => {
    const report = await read()
    if (report.engine !== 'sqlite') throw new Error('not SQLite')
    expect(report.panels.file).toMatchObject({ status: 'known', data: { journalMode: 'wal', hasStatistics: false } })
    const { tables, indexes } = report.panels
    if (tables.status !== 'known' || indexes.status !== 'known') throw new Error('not known')
    expect(tables.data[0]).toMatchObject({ table: 'child', rows: 2000 })
    expect(tables.data[0]?.sizeBytes).toBeGreaterThan(400_000)
    expect(indexes.data.map(({ index }) => index)).toEqual(['child_note', 'child_note_again', 'parent_name', 'parent_name_id'])
    expect(checkOf(report, 'index-covered').items).toMatchObject([{ subject: 'parent_name', params: { of: 'parent_name_id' } }])
    expect(checkOf(report, 'foreign-key-unindexed')).toMatchObject({
      level: 'warning',
      items: [{ subject: 'child (parent_id)', action: null }],
    })
    expect(checkOf(report, 'index-duplicate').items).toMatchObject([{ subject: 'child_note_again', action: null }])
    expect(checkOf(report, 'journal-mode').level).toBe('ok')
  })

  it('asks for a quick check until there was one, and remembers what it came to', async () => {
    expect(checkOf(await read(), 'integrity')).toMatchObject({ level: 'unknown', reason: 'not-asked' })
    expect(await run('integrity-check')).toMatchObject({ error: null, result: { problems: [] } })
    expect(checkOf(await read(), 'integrity').level).toBe('ok')
  })

  it('answers for a file with a full text index whose tokenizer only another program has', async () => {
    addForeignIndexes(database.path)
    expect(await run('integrity-check')).toMatchObject({ error: null, result: { problems: [] } })
  })

  it('finds damage, in SQLite’s words', async () => {
    const file = await open(database.path, 'r+')
    // The head of a page in the middle, once all pages are in the file.
    await file.write(Buffer.alloc(64, 0xff), 0, 64, 40 * 4096)
    await file.close()
    const { result } = await run('integrity-check')
    expect(result.problems.length).toBeGreaterThan(0)
    expect(checkOf(await read(), 'integrity')).toMatchObject({ level: 'critical', count: result.problems.length })
  })

  it('makes statistics, and gives free pages back', async () => {
    expect(checkOf(await read(), 'planner-statistics').level).toBe('info')
    expect((await run('optimize')).error).toBeNull()
    expect(checkOf(await read(), 'planner-statistics').level).toBe('ok')
    const db = new Database(database.path)
    db.exec('DELETE FROM child')
    db.close()
    expect(checkOf(await read(), 'free-pages')).toMatchObject({ level: 'info', action: { request: { operation: 'vacuum-file' } } })
    const { result, error } = await run('vacuum-file')
    expect(error).toBeNull()
    expect(result.sizeAfterBytes ?? 0).toBeLessThan((result.sizeBeforeBytes ?? 0) / 2)
    expect(checkOf(await read(), 'free-pages').level).toBe('ok')
  })

  it('carries a grown log into the file', async () => {
    const db = new Database(database.path)
    try {
      db.pragma('wal_autocheckpoint = 0')
      db.exec(`UPDATE child SET note = 'changed'`)
      expect(checkOf(await read(), 'wal-size').level).toBe('warning')
      expect((await run('checkpoint')).result.items).toMatchObject([{ outcome: 'done' }])
      expect(checkOf(await read(), 'wal-size').level).toBe('ok')
    } finally {
      db.close()
    }
  })

  it('says when a reader keeps the log from being carried over', async () => {
    const reader = new Database(database.path)
    const writer = new Database(database.path)
    try {
      reader.exec('BEGIN; SELECT count(*) FROM child')
      reader.prepare('SELECT count(*) FROM child').get()
      writer.exec(`UPDATE child SET note = 'changed'`)
      expect((await run('checkpoint')).result.items).toMatchObject([{ outcome: 'skipped', message: expect.stringContaining('Somebody') }])
    } finally {
      reader.close()
      writer.close()
    }
  })

  it('refuses what is for PostgreSQL', async () => {
    await expect(run('reindex')).rejects.toMatchObject({ code: 'STATE_CONFLICT' })
  })

  it('counts write transactions from outside, in both journal modes', async () => {
    for (const mode of ['WAL', 'DELETE']) {
      const db = new Database(database.path)
      try {
        db.pragma(`journal_mode = ${mode}`)
        db.exec(`UPDATE child SET note = 'one' WHERE id = 1`)
        const before = (await readWriteCount(database.path)) ?? Number.NaN
        for (let n = 0; n < 7; n += 1) db.exec(`UPDATE child SET note = '${mode} ${n}' WHERE id = 1`)
        expect(await readWriteCount(database.path), mode).toBe(before + 7)
      } finally {
        db.close()
      }
    }
  })
})

function checkOf(report: HealthReport, code: CheckCode) {
  const check = report.checks.find((candidate) => candidate.code === code)
  if (!check) throw new Error(`no check ${code}`)
  return check
}
