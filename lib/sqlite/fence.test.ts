import { readFile } from 'node:fs/promises'
import Database from 'better-sqlite3'
import { describe, expect, it } from 'vitest'
import { AppError } from '@/lib/core/errors'
import { createSqliteDatabase } from '@/tests/support/sqlite-databases'
import {
  FENCE_MARK,
  installFence,
  isFenceError,
  lowerFence,
  raiseFence,
  readFence,
  restageFence,
  sleepFence,
  wakeFence,
  writeBehindFence,
} from './fence'
import { openSqlite } from './open-database'

const script = `
CREATE TABLE "we""ird name" (id INTEGER PRIMARY KEY AUTOINCREMENT, t TEXT UNIQUE);
CREATE TABLE pair (a TEXT, b TEXT, PRIMARY KEY (a, b)) WITHOUT ROWID;
CREATE TABLE _prisma_migrations (id TEXT PRIMARY KEY);
CREATE VIEW v AS SELECT * FROM pair;
CREATE TRIGGER own AFTER INSERT ON pair BEGIN DELETE FROM _prisma_migrations; END;
INSERT INTO "we""ird name" (t) VALUES ('one');
INSERT INTO pair VALUES ('a', 'b');`

const writes = [
  `INSERT INTO "we""ird name" (t) VALUES ('two')`,
  `INSERT OR IGNORE INTO "we""ird name" (t) VALUES ('one')`,
  `INSERT OR REPLACE INTO "we""ird name" (id, t) VALUES (1, 'two')`,
  `INSERT INTO "we""ird name" (t) VALUES ('one') ON CONFLICT (t) DO UPDATE SET t = 'three'`,
  `UPDATE OR IGNORE pair SET a = 'c'`,
  `UPDATE pair SET a = 'c'`,
  'DELETE FROM pair',
  `INSERT INTO _prisma_migrations VALUES ('x')`,
]

describe('the fence of SQLite', () => {
  it('refuses every kind of write, also from a connection that prepared its statement before', async () => {
    await using file = await createSqliteDatabase(script)
    const db = openSqlite(file.path)
    const other = new Database(file.path)
    const prepared = other.prepare(`INSERT INTO pair VALUES ('x', 'y')`)
    raiseFence(db, 'the database is being moved')
    expect(() => prepared.run()).toThrow(`${FENCE_MARK}: the database is being moved`)
    for (const write of writes) expect(() => other.exec(write), write).toThrow(FENCE_MARK)
    expect(readFence(other)).toMatchObject({ reason: 'the database is being moved', tables: 3 })
    other.close()
    db.close()
  })

  it('leaves the schema as it was when it is lowered, however often it was raised', async () => {
    await using file = await createSqliteDatabase(script)
    const db = openSqlite(file.path)
    const read = () => db.prepare('SELECT type, name, tbl_name, sql FROM sqlite_master').all()
    const before = read()
    raiseFence(db, `it's moving`)
    raiseFence(db, 'again')
    expect(lowerFence(db)).toBe(true)
    expect(read()).toEqual(before)
    expect(readFence(db)).toBeNull()
    expect(lowerFence(db)).toBe(false)
    for (const write of writes) expect(() => db.exec(write), write).not.toThrow()
    db.close()
  })

  it('waits for a writer and answers SOURCE_BUSY when it does not end', async () => {
    await using file = await createSqliteDatabase(script)
    const writer = new Database(file.path)
    writer.exec('BEGIN IMMEDIATE')
    const db = openSqlite(file.path, { busyTimeoutMs: 50 })
    expect(() => raiseFence(db, 'moving')).toThrow(expect.objectContaining({ code: 'SOURCE_BUSY', retryable: true }))
    writer.exec('ROLLBACK')
    expect(readFence(db)).toBeNull()
    writer.close()
    db.close()
  })
})

describe('a fence that sleeps', () => {
  it('lets every write pass until it is woken, then refuses at once, also in a connection that was open before', async () => {
    await using file = await createSqliteDatabase(script)
    const db = openSqlite(file.path)
    const other = new Database(file.path)
    installFence(db, 'the app is moving')
    const version = db.pragma('schema_version', { simple: true })
    const prepared = other.prepare('INSERT INTO pair VALUES (?, ?)')
    prepared.run('x', 'y')
    expect(readFence(other)?.awake).toBe(false)
    wakeFence(db)
    expect(() => prepared.run('x', 'z')).toThrow(`${FENCE_MARK}: the app is moving`)
    for (const write of writes) expect(() => other.exec(write), write).toThrow(FENCE_MARK)
    sleepFence(db)
    prepared.run('x', 'z')
    // Neither changes the schema: what other processes have prepared stays as it is.
    expect(db.pragma('schema_version', { simple: true })).toBe(version)
    other.close()
    db.close()
  })

  it('lets our own transaction pass behind it, whole or not at all, and nobody else', async () => {
    await using file = await createSqliteDatabase(script)
    const db = openSqlite(file.path)
    const other = new Database(file.path, { timeout: 0 })
    await expect(writeBehindFence(db, async () => undefined)).rejects.toMatchObject({ code: 'STATE_CONFLICT' })
    raiseFence(db, 'moved', 'moved')
    const writeWhileOpen = () => other.exec(`INSERT INTO pair VALUES ('other', 'meanwhile')`)
    await writeBehindFence(db, async () => {
      db.exec(`INSERT INTO pair VALUES ('ours', 'b')`)
      expect(writeWhileOpen).toThrow('database is locked')
    })
    expect(writeWhileOpen).toThrow(FENCE_MARK)
    const failing = writeBehindFence(db, async () => {
      db.exec('DELETE FROM pair')
      throw new AppError({ code: 'CANCELLED', message: 'in the middle' })
    })
    await expect(failing).rejects.toThrow('in the middle')
    restageFence(db, 'returning')
    expect(readFence(db)).toMatchObject({ stage: 'returning', awake: true })
    expect(db.prepare('SELECT a FROM pair ORDER BY a').pluck().all()).toEqual(['a', 'ours'])
    other.close()
    db.close()
  })

  it('knows the mark of an earlier version, which always refused', async () => {
    await using file = await createSqliteDatabase(
      `CREATE TABLE _bascule_fence (stage TEXT NOT NULL, reason TEXT NOT NULL, raisedAt TEXT NOT NULL, tables INTEGER NOT NULL);
       INSERT INTO _bascule_fence VALUES ('moved', 'moved', '2026-01-01T00:00:00.000Z', 3)`,
    )
    const db = openSqlite(file.path)
    expect(readFence(db)).toMatchObject({ stage: 'moved', awake: true })
    db.close()
  })
})

describe('isFenceError', () => {
  it('finds the mark in messages, causes and nested fields, and nowhere else', () => {
    const wrapped = new Error('Invalid `create()` invocation', { cause: { meta: { driverAdapterError: { message: `${FENCE_MARK}: x` } } } })
    expect(isFenceError(wrapped)).toBe(true)
    expect(isFenceError(Object.assign(new Error('P2010'), { meta: { cause: new Error(`${FENCE_MARK}: x`) } }))).toBe(true)
    expect(isFenceError(new Error('UNIQUE constraint failed'))).toBe(false)
    expect(isFenceError(null)).toBe(false)
  })
})

describe('openSqlite', () => {
  it.each([
    ['a missing file', async (folder: string) => `${folder}/none.db`, 'SOURCE_MISSING'],
    ['a folder', async (folder: string) => folder, 'SOURCE_NOT_A_DATABASE'],
    [
      'another kind of file',
      async (folder: string) => write(`${folder}/text.db`, Buffer.from('hello, this is text and not a database')),
      'SOURCE_NOT_A_DATABASE',
    ],
    ['encrypted content', async (folder: string) => write(`${folder}/crypt.db`, Buffer.alloc(8192, 0xa7)), 'SOURCE_NOT_A_DATABASE'],
    [
      'a truncated database',
      async (folder: string, path: string) => write(`${folder}/cut.db`, (await readFile(path)).subarray(0, 2048)),
      'SOURCE_DAMAGED',
    ],
  ])('names %s', async (_name, make, code) => {
    await using file = await createSqliteDatabase(script)
    const path = await make(file.folder, file.path)
    expect(() => openSqlite(path, { readonly: true })).toThrow(expect.objectContaining({ code }))
  })

  it('takes an empty file for an empty database and never makes one', async () => {
    await using file = await createSqliteDatabase(script)
    const db = openSqlite(await write(`${file.folder}/empty.db`, Buffer.alloc(0)), { readonly: true })
    expect(db.prepare('SELECT count(*) AS n FROM sqlite_master').get()).toEqual({ n: 0 })
    db.close()
  })
})

async function write(path: string, content: Buffer): Promise<string> {
  const { writeFile } = await import('node:fs/promises')
  await writeFile(path, content)
  return path
}
