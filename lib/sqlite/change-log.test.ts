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

const script = `
PRAGMA journal_mode = WAL;
CREATE TABLE "we""ird" (id INTEGER PRIMARY KEY AUTOINCREMENT, mail TEXT UNIQUE, name TEXT COLLATE NOCASE, n INTEGER, up TEXT AS (upper(name)) VIRTUAL);
CREATE UNIQUE INDEX "by name" ON "we""ird" (name, n);
CREATE UNIQUE INDEX by_expression ON "we""ird" (lower(mail) || n) WHERE n > 100;
CREATE UNIQUE INDEX by_generated ON "we""ird" (up, n);
CREATE TABLE word (id TEXT PRIMARY KEY COLLATE NOCASE, v TEXT);
CREATE TABLE pair (a INTEGER, b TEXT, v INTEGER UNIQUE, PRIMARY KEY (a, b)) WITHOUT ROWID;
CREATE TABLE loose (k PRIMARY KEY, v);
CREATE TABLE "_AToB" (A INTEGER NOT NULL, B INTEGER NOT NULL);
CREATE UNIQUE INDEX "_AToB_unique" ON "_AToB" (A, B);
CREATE TABLE parent (id TEXT PRIMARY KEY, boss TEXT REFERENCES parent (id) ON DELETE CASCADE ON UPDATE CASCADE);
CREATE TABLE child (id INTEGER PRIMARY KEY, p TEXT DEFAULT 'root' REFERENCES parent (id) ON DELETE SET NULL ON UPDATE CASCADE);
CREATE TABLE grandchild (id INTEGER PRIMARY KEY, c INTEGER DEFAULT 1 REFERENCES child (id) ON DELETE SET DEFAULT);
CREATE TABLE counted (id INTEGER PRIMARY KEY, n INTEGER, self INTEGER);
CREATE TRIGGER own_count AFTER INSERT ON child BEGIN
  INSERT OR REPLACE INTO counted (id, n) VALUES (1, (SELECT count(*) FROM child));
  UPDATE counted SET self = id WHERE id = 1;
END;
CREATE TRIGGER own_recursive AFTER UPDATE OF n ON counted BEGIN UPDATE counted SET n = n + 1, self = 7 WHERE id = NEW.id + 1; END;
INSERT INTO "we""ird" (id, mail, name, n) VALUES (1, 'a@x', 'Ann', 1), (2, 'b@x', 'Bob', 2), (3, 'C@x', 'Cy', 300), (4, NULL, NULL, NULL);
INSERT INTO word VALUES ('One', 'x'), ('two', 'y');
INSERT INTO pair VALUES (1, 'a', 10), (1, 'b', 11), (2, 'a', 12);
INSERT INTO loose VALUES (1, 'integer'), ('1', 'text'), (x'31', 'blob'), (2.5, 'real');
INSERT INTO "_AToB" VALUES (1, 1), (1, 2);
INSERT INTO parent VALUES ('root', NULL), ('a', 'root'), ('b', 'a'), ('alone', NULL);
INSERT INTO child VALUES (1, 'root'), (2, 'b'), (3, 'alone');
INSERT INTO grandchild VALUES (1, 1), (2, 2), (3, 3);
INSERT OR REPLACE INTO counted VALUES (1, 0, 0), (2, 0, 0);`

/** Each with what is special about it; one is tried after the other on a file of its own. */
const writes: readonly (readonly [what: string, sql: string])[] = [
  ['insert', `INSERT INTO "we""ird" (mail, name) VALUES ('new', 'New')`],
  ['several rows', `INSERT INTO pair VALUES (5, 'a', 50), (5, 'b', 51)`],
  ['update', `UPDATE word SET v = 'z'`],
  ['delete without a condition', 'DELETE FROM word'],
  ['key update', `UPDATE "we""ird" SET id = id + 10`],
  ['key update that swaps', 'UPDATE pair SET a = a + 100; UPDATE pair SET a = 103 - a'],
  ['key update in letter case alone', `UPDATE word SET id = 'ONE' WHERE id = 'one'`],
  ['key update in storage class alone', `UPDATE loose SET k = 1.0 WHERE typeof(k) = 'integer'`],
  ['keys of every storage class', `UPDATE loose SET v = typeof(k)`],
  ['replace by the primary key', `REPLACE INTO "we""ird" (id, mail) VALUES (1, 'z@x')`],
  ['replace by a unique column', `INSERT OR REPLACE INTO "we""ird" (id, mail) VALUES (9, 'a@x')`],
  ['replace of two rows at once', `INSERT OR REPLACE INTO "we""ird" (id, mail, name, n) VALUES (9, 'a@x', 'BOB', 2)`],
  ['replace under NOCASE', `REPLACE INTO word VALUES ('ONE', 'upper')`],
  ['replace by an expression with a condition', `INSERT OR REPLACE INTO "we""ird" (id, mail, n) VALUES (9, 'c@X', 300)`],
  ['replace by a computed column', `INSERT OR REPLACE INTO "we""ird" (id, name, n) VALUES (9, 'BOB', 2)`],
  ['replace without rowid', `REPLACE INTO pair VALUES (9, 'z', 10)`],
  ['replace by a hidden rowid', `INSERT OR REPLACE INTO word (rowid, id) VALUES (1, 'three')`],
  ['replace of what the same statement made', `INSERT OR REPLACE INTO pair VALUES (7, 'a', 70), (8, 'a', 70), (9, 'a', 70)`],
  ['replace from a query', `INSERT OR REPLACE INTO "we""ird" (id, mail) SELECT id + 20, mail FROM "we""ird"`],
  ['update or replace', `UPDATE OR REPLACE pair SET v = 11 WHERE v = 10`],
  ['update or replace of the key', `UPDATE OR REPLACE "we""ird" SET id = 2 WHERE id = 1`],
  ['update or replace by an expression', `UPDATE OR REPLACE "we""ird" SET mail = 'C@X', n = 300 WHERE id = 1`],
  ['update or replace by a computed column', `UPDATE OR REPLACE "we""ird" SET name = 'BOB', n = 2 WHERE id = 1`],
  ['update or replace by a hidden rowid', `UPDATE OR REPLACE word SET rowid = 2 WHERE id = 'one'`],
  ['or ignore', `INSERT OR IGNORE INTO pair VALUES (1, 'a', 0), (6, 'a', 11), (6, 'b', 60)`],
  ['or ignore of an update', `UPDATE OR IGNORE pair SET v = 12`],
  ['upsert', `INSERT INTO "we""ird" (mail, n) VALUES ('a@x', 5) ON CONFLICT (mail) DO UPDATE SET n = excluded.n, name = 'upserted'`],
  ['upsert that does nothing', `INSERT INTO "we""ird" (mail) VALUES ('a@x') ON CONFLICT DO NOTHING`],
  ['update from', `UPDATE pair SET v = v + counted.id * 100 FROM counted WHERE counted.id = pair.a`],
  ['no primary key', `DELETE FROM "_AToB" WHERE B = 1; INSERT INTO "_AToB" VALUES (3, 3); UPDATE "_AToB" SET B = 9 WHERE B = 2`],
  ['cascade to its own table, set null, set default', `DELETE FROM parent WHERE id = 'root'`],
  ['cascade of a key update', `UPDATE parent SET id = 'top' WHERE id = 'root'`],
  ['replace that cascades', `REPLACE INTO parent VALUES ('root', NULL)`],
  ['triggers of the user, with REPLACE in them', `INSERT INTO child (p) VALUES ('a')`],
  ['a trigger of the user that reaches itself', 'UPDATE counted SET n = 5 WHERE id = 1'],
  ['a transaction and what it took back', `BEGIN; DELETE FROM pair; SAVEPOINT s; DELETE FROM word; ROLLBACK TO s; COMMIT`],
]

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
    for (const [what, sql] of writes) {
      await using file = await createSqliteDatabase(script)
      const db = openSqlite(file.path)
      arm(db)
      // A connection that knows nothing of us.
      const app = new Database(file.path)
      app.pragma(`recursive_triggers = ${recursive}`)
      app.pragma(`foreign_keys = ${foreignKeys}`)
      const before = rowsByKey(db)
      app.exec(sql)
      const after = rowsByKey(db)
      const touched = [...new Set([...before.keys(), ...after.keys()])].filter((key) => before.get(key) !== after.get(key))
      expect([...loggedKeys(db, 0)], what).toEqual(expect.arrayContaining(touched))
      app.close()
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
