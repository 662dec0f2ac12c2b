import { open } from 'node:fs/promises'
import { dirname } from 'node:path'
import Database from 'better-sqlite3'
import { expect, it } from 'vitest'
import { reportError } from '@/lib/core/errors'
import { addForeignIndexes } from '@/lib/sqlite/testing/foreign-tokenizer'
import { createCvsiteDatabase } from '@/tests/support/sqlite-databases'
import { requireIntegrity } from './snapshot-sqlite'

it('a damaged file is told of in words; what SQLite says is kept beside them, and where it lies is not said', async () => {
  await using sqlite = await createCvsiteDatabase()
  const file = await open(sqlite.path, 'r+')
  const page = 4096
  for (let at = page * 2; at < page * 12; at += page) await file.write(Buffer.alloc(page, 0xff), 0, page, at)
  await file.close()
  const error: unknown = await requireIntegrity(sqlite.path, new AbortController().signal).catch((thrown: unknown) => thrown)
  expect(reportError(error)).toMatchObject({ code: 'SOURCE_DAMAGED', message: expect.not.stringMatching(/page|error code|\n/i) })
  expect(error).toMatchObject({ cause: { message: expect.stringMatching(/page|malformed/i) } })
  expect(JSON.stringify(reportError(error))).not.toContain(dirname(sqlite.path))
})

it('rows that break a rule of their table and a stale full text index are no damage', async () => {
  await using sqlite = await createCvsiteDatabase()
  const db = new Database(sqlite.path)
  db.exec(`CREATE TABLE ruled (c INTEGER CHECK (c > 0));
    PRAGMA ignore_check_constraints = ON;
    INSERT INTO ruled VALUES (-1);
    PRAGMA ignore_check_constraints = OFF;
    CREATE VIRTUAL TABLE stale USING fts4(content='ruled', c)`)
  const said = db.pragma('integrity_check') as { integrity_check: string }[]
  db.close()
  const lines = said.map(({ integrity_check }) => integrity_check).join('\n')
  expect(lines).toMatch(/CHECK constraint failed in ruled/)
  expect(lines).toMatch(/FTS4 table main\.stale/)
  await requireIntegrity(sqlite.path, new AbortController().signal)
})

it('a full text index whose tokenizer only another program has is no damage', async () => {
  await using sqlite = await createCvsiteDatabase()
  addForeignIndexes(sqlite.path)
  const db = new Database(sqlite.path)
  expect(() => db.pragma('integrity_check')).toThrow()
  db.close()
  await requireIntegrity(sqlite.path, new AbortController().signal)
})
