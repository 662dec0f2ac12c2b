import Database from 'better-sqlite3'
import { describe, expect, it } from 'vitest'
import { createSqliteDatabase } from '@/tests/support/sqlite-databases'
import { readSqliteCatalogue } from './catalogue'
import {
  armChangeLog,
  checkChangeLog,
  countChanges,
  disarmChangeLog,
  highestChange,
  pruneChanges,
  readCapturedTables,
  readChanges,
} from './change-log'
import { changeKeyOf } from './change-triggers'
import { lowerFence, raiseFence } from './fence'
import { openSqlite, type SqliteDatabase } from './open-database'
import { awkwardScript as script, awkwardWrites as writes } from './testing/awkward-writes'

function arm(db: SqliteDatabase) {
  return armChangeLog(db, readSqliteCatalogue(db).tables)
}

/** Every row of every captured table as text, by the text of its key. */
function rowsByKey(db: SqliteDatabase): Map<string, string> {
  const tables = readSqliteCatalogue(db).tables
  return new Map(
    tables.flatMap((table) => {
      const key = (changeKeyOf(table) ?? []).map((name) => `typeof("${name}") || quote("${name}")`)
      const all = table.columns.map(({ name }) => `quote("${name}")`).join(` || ',' || `)
      const sql = `SELECT ${key.join(` || ',' || `)} AS k, ${all} AS r FROM "${table.name.replace('"', '""')}"`
      const rows = db.prepare(sql).all() as { k: string; r: string }[]
      return rows.map(({ k, r }) => [`${table.name} ${k}`, r] as const)
    }),
  )
}

/** The keys in the log after a number, written as `rowsByKey` writes them. */
function loggedKeys(db: SqliteDatabase, after: number): ReadonlySet<string> {
  const tables = new Map(readCapturedTables(db)?.map((table) => [table.number, table.table]))
  const print = db.prepare('SELECT typeof(@value) || quote(@value)').pluck()
  const changes = readChanges(db, after, highestChange(db), 1e6)
  return new Set(changes.map(({ table, key }) => `${tables.get(table)} ${key.map((value) => print.get({ value })).join(',')}`))
}

describe('the change log of SQLite', () => {
  it.each([
    ['recursive triggers off, foreign keys on', 0, 1],
    ['recursive triggers on, foreign keys on', 1, 1],
    ['recursive triggers off, foreign keys off', 0, 0],
  ])('notes the key of every row that any kind of write touches: %s', async (_, recursive, foreignKeys) => {
    await using file = await createSqliteDatabase(script)
    const armed = openSqlite(file.path)
    arm(armed)
    // A database in memory cannot be in WAL mode.
    armed.pragma('journal_mode = DELETE')
    const image = armed.serialize()
    armed.close()
    for (const [what, sql] of writes) {
      const db = new Database(image)
      db.pragma(`recursive_triggers = ${recursive}`)
      db.pragma(`foreign_keys = ${foreignKeys}`)
      const before = rowsByKey(db)
      db.exec(sql)
      const after = rowsByKey(db)
      const touched = [...new Set([...before.keys(), ...after.keys()])].filter((key) => before.get(key) !== after.get(key))
      expect([...loggedKeys(db, 0)], what).toEqual(expect.arrayContaining(touched))
      db.close()
    }
  })

  it('changes nothing that the app sees of its own writes', async () => {
    await using file = await createSqliteDatabase(script)
    await using twin = await createSqliteDatabase(script)
    const db = openSqlite(file.path)
    arm(db)
    const seen = [file, twin].map(({ path }) => {
      const app = new Database(path)
      app.pragma('foreign_keys = ON')
      const answers = writes.flatMap(([, sql]) => {
        try {
          app.exec(sql)
        } catch (error) {
          return String(error)
        }
        return app.prepare('SELECT last_insert_rowid() AS id, changes() AS changes').get()
      })
      const returning = app.prepare(`INSERT INTO "we""ird" (mail, name) VALUES ('r1', 'r'), ('r2', 'R2') RETURNING id, up`).all()
      const prepared = app.prepare(`UPDATE pair SET v = v + 1000`).run()
      const last = app.prepare(`INSERT INTO "_AToB" VALUES (77, 77)`).run()
      const rows = [...rowsByKey(app)]
      app.close()
      return { answers, returning, prepared, last, rows }
    })
    expect(seen[0]).toEqual(seen[1])
    db.close()
  })

  it('leaves the schema as it was, however often it was armed', async () => {
    await using file = await createSqliteDatabase(script)
    const db = openSqlite(file.path)
    const read = () => db.prepare('SELECT type, name, tbl_name, sql FROM sqlite_master').all()
    const [before, catalogue] = [read(), readSqliteCatalogue(db)]
    arm(db)
    db.exec(`UPDATE word SET v = 'z'`)
    arm(db)
    expect(highestChange(db)).toBe(0)
    // What reads the file for a copy, a count or a comparison does not see what is ours.
    expect({ ...readSqliteCatalogue(db), schemaVersion: 0, pageCount: 0 }).toEqual({ ...catalogue, schemaVersion: 0, pageCount: 0 })
    expect(disarmChangeLog(db)).toBe(true)
    expect(read()).toEqual(before)
    expect(disarmChangeLog(db)).toBe(false)
    expect(readCapturedTables(db)).toBeNull()
    expect(checkChangeLog(db)).toEqual({ status: 'absent' })
    db.close()
  })

  it('counts on after entries were removed, also when all but the last were', async () => {
    await using file = await createSqliteDatabase(script)
    const db = openSqlite(file.path)
    arm(db)
    for (let round = 0; round < 4; round += 1) db.exec(`UPDATE "we""ird" SET n = n + 1; DELETE FROM pair WHERE a = ${round}`)
    const last = highestChange(db)
    expect(countChanges(db, 0, last)).toBe(19)
    expect(pruneChanges(db, 5, 4)).toBe(4)
    expect(pruneChanges(db, 5, 4)).toBe(2)
    expect(readChanges(db, 0, last, 2).map(({ seq }) => seq)).toEqual([6, 7])
    while (pruneChanges(db, last, 3) > 0);
    expect(highestChange(db)).toBe(last)
    db.exec('VACUUM')
    db.exec(`UPDATE word SET v = 'z' WHERE id = 'two'`)
    expect(readChanges(db, last, 1e9, 10)).toEqual([{ seq: last + 1, table: expect.any(Number), key: ['two'] }])
    db.close()
  })

  it.each([
    ['VACUUM', 'intact'],
    ['ANALYZE', 'intact'],
    ['PRAGMA user_version = 7', 'intact'],
    ['ALTER TABLE word ADD COLUMN w TEXT', 'changed'],
    ['CREATE TABLE another (id INTEGER PRIMARY KEY)', 'changed'],
    ['DROP TABLE word', 'changed'],
    ['DROP INDEX "by name"', 'changed'],
    ['DROP TRIGGER _bascule_log_1_insert', 'changed'],
    ['DROP TABLE _bascule_capture', 'absent'],
    [`ALTER TABLE word RENAME TO wort`, 'changed'],
  ] as const)('after %s by another process it is %s', async (sql, status) => {
    await using file = await createSqliteDatabase(script)
    const db = openSqlite(file.path)
    arm(db)
    const first = checkChangeLog(db)
    if (first.status !== 'intact') throw new Error('armed')
    expect(checkChangeLog(db, first.schemaVersion)).toEqual(first)
    const other = new Database(file.path)
    other.exec(sql)
    other.close()
    expect(checkChangeLog(db, first.schemaVersion).status).toBe(status)
    db.close()
  })

  it('finds what was taken away behind the back of schema_version', async () => {
    await using file = await createSqliteDatabase(script)
    const db = openSqlite(file.path)
    arm(db)
    const other = new Database(file.path)
    other.unsafeMode(true)
    other.pragma('writable_schema = ON')
    other.exec(`DELETE FROM sqlite_master WHERE name = '_bascule_log_1_insert'`)
    other.close()
    expect(checkChangeLog(db).status).toBe('changed')
    db.close()
  })

  it('the fence may stand and fall beside it', async () => {
    await using file = await createSqliteDatabase(script)
    const db = openSqlite(file.path)
    arm(db)
    raiseFence(db, 'the database is being moved')
    expect(checkChangeLog(db).status).toBe('intact')
    expect(pruneChanges(db, 1)).toBe(0)
    lowerFence(db)
    expect(checkChangeLog(db).status).toBe('intact')
    db.close()
  })

  it('writers of several attached files are noted too', async () => {
    await using file = await createSqliteDatabase(script)
    await using other = await createSqliteDatabase('CREATE TABLE word (id TEXT PRIMARY KEY); INSERT INTO word VALUES (1)')
    const db = openSqlite(file.path)
    arm(db)
    const app = new Database(other.path)
    app.prepare('ATTACH ? AS side').run(file.path)
    app.exec(`BEGIN; INSERT INTO side.word SELECT id, 'from afar' FROM main.word; DELETE FROM main.word; COMMIT`)
    app.close()
    expect(readChanges(db, 0, 9, 9).map(({ key }) => key)).toEqual([['1']])
    db.close()
  })

  it('a table without a key is refused by name, and nothing is armed', async () => {
    await using file = await createSqliteDatabase(`${script} CREATE TABLE "no key" (a TEXT UNIQUE, b INTEGER);`)
    const db = openSqlite(file.path)
    expect(() => arm(db)).toThrow(expect.objectContaining({ code: 'STRUCTURE_UNSUPPORTED', subject: 'no key' }))
    expect(disarmChangeLog(db)).toBe(false)
    db.close()
  })

  it('waits for a writer and answers SOURCE_BUSY when it does not end', async () => {
    await using file = await createSqliteDatabase(script)
    const writer = new Database(file.path)
    writer.exec('BEGIN IMMEDIATE')
    const db = openSqlite(file.path, { busyTimeoutMs: 50 })
    expect(() => arm(db)).toThrow(expect.objectContaining({ code: 'SOURCE_BUSY', retryable: true }))
    writer.close()
    db.close()
  })
})
