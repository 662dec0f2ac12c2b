import Database from 'better-sqlite3'
import { expect, it } from 'vitest'
import { nameOversized } from './name-oversized'

it('names table, column and key of a value that is too large, by the row’s header, and no other', () => {
  const db = new Database(':memory:')
  db.exec(`CREATE TABLE "a b" (id TEXT PRIMARY KEY, small TEXT, "lar""ge" BLOB) WITHOUT ROWID;
    INSERT INTO "a b" VALUES ('x', 'short', NULL), ('y', NULL, zeroblob(2000))`)
  const columns = ['id', 'small', 'lar"ge']
  expect(nameOversized(db, 'a b', columns, 'id', 1_000)).toMatchObject({
    code: 'SOURCE_UNREADABLE',
    subject: 'a b.lar"ge',
    message: 'a b.lar"ge has a value of 2000 bytes, id y: more than the 512 MiB that can be read in one piece.',
  })
  expect(nameOversized(db, 'a b', columns, null, 1_000)?.message).toMatch(/2000 bytes: more/)
  expect(nameOversized(db, 'a b', columns, 'id')).toBeNull()
})
