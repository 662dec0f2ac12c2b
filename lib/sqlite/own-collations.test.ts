import Database from 'better-sqlite3'
import { afterEach, expect, it } from 'vitest'
import { readSqliteCatalogue } from './catalogue'

const open: Database.Database[] = []
afterEach(() => {
  for (const db of open.splice(0)) db.close()
})

/** A schema as another program wrote it: SQLite itself would refuse to make it, but reads it. */
function written(sql: string, declared: string): Database.Database {
  const db = new Database(':memory:')
  open.push(db)
  db.exec(sql)
  db.unsafeMode(true)
  db.pragma('writable_schema = ON')
  db.prepare(`UPDATE sqlite_schema SET sql = replace(sql, 'COLLATE NOCASE', ?)`).run(declared)
  db.pragma('writable_schema = RESET')
  return db
}

it('names the column whose collation SQLite does not have, and a way that works', () => {
  const db = written('CREATE TABLE decks (id INTEGER PRIMARY KEY, name TEXT COLLATE NOCASE)', 'collate "uniCase"')
  expect(() => readSqliteCatalogue(db)).toThrowError(
    expect.objectContaining({
      code: 'SOURCE_UNREADABLE',
      subject: 'decks.name',
      message: expect.stringContaining('"uniCase"'),
      hint: expect.stringContaining(String.raw`replace(sql, 'collate \"uniCase\"', 'COLLATE BINARY')`),
    }),
  )
  db.pragma('writable_schema = ON')
  db.prepare(`UPDATE sqlite_schema SET sql = replace(sql, 'collate "uniCase"', 'COLLATE BINARY')`).run()
  db.pragma('writable_schema = RESET')
  expect(readSqliteCatalogue(db).tables.map(({ name }) => name)).toEqual(['decks'])
})

it('the way does without what only some builds of sqlite3 can read back', () => {
  const db = written('CREATE TABLE t (a TEXT COLLATE NOCASE)', 'COLLATE phone')
  expect(() => readSqliteCatalogue(db)).toThrowError(
    expect.objectContaining({
      hint: expect.stringContaining('sqlite3 copy.db "DROP TABLE IF EXISTS sqlite_stat4" .dump | sqlite3 plain.db'),
    }),
  )
})

it('names an index by such a collation', () => {
  const db = written('CREATE TABLE t (a TEXT); CREATE INDEX by_name ON t (a COLLATE NOCASE)', 'COLLATE phone')
  expect(() => readSqliteCatalogue(db)).toThrowError(expect.objectContaining({ subject: 't, index by_name' }))
})
