import { mkdtempSync, readFileSync, rmSync, statSync, writeSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import Database from 'better-sqlite3'
import { afterAll, beforeEach, describe, expect, it } from 'vitest'
import { copyBytes, copyPages } from './aside-copy.mjs'
import { runAside } from './run-aside'

const folder = mkdtempSync(join(tmpdir(), 'bascule-aside-copy-'))
const source = join(folder, 'source.db')
const copy = join(folder, 'copy.db')
const never = new AbortController().signal
afterAll(() => rmSync(folder, { recursive: true }))

function fill(journalMode: string): Database.Database {
  const db = new Database(source)
  db.pragma(`journal_mode = ${journalMode}`)
  db.exec('CREATE TABLE t (id INTEGER PRIMARY KEY, v BLOB)')
  db.exec('WITH RECURSIVE n(i) AS (SELECT 1 UNION ALL SELECT i+1 FROM n WHERE i<2000) INSERT INTO t SELECT i*3, randomblob(700) FROM n')
  return db
}

function content(path: string): readonly unknown[] {
  const db = new Database(path, { readonly: true })
  const rows = db.prepare('SELECT id, hex(v) AS v FROM t').all()
  db.close()
  return rows
}

beforeEach(() => {
  for (const path of [source, copy]) for (const suffix of ['', '-wal', '-shm']) rmSync(`${path}${suffix}`, { force: true })
})

describe('a copy of a whole database', () => {
  it.each([
    ['delete', true],
    ['wal', false],
  ] as const)('journal mode %s: one moment, while it is open elsewhere; compared: %s', async (mode, isCompared) => {
    const db = fill(mode)
    expect(await runAside({ path: source, copyTo: copy }, never)).toEqual([{ isCompared }])
    expect(content(copy)).toEqual(content(source))
    // One file, whole by itself, that anybody may open read-only.
    expect(statSync(`${copy}-wal`, { throwIfNoEntry: false })).toBeUndefined()
    const opened = new Database(copy, { readonly: true })
    expect(opened.pragma('journal_mode', { simple: true })).toBe('delete')
    expect(opened.pragma('integrity_check', { simple: true })).toBe('ok')
    opened.close()
    db.close()
  })

  it('is cut short by the signal', async () => {
    fill('delete').close()
    const cancel = new AbortController()
    const work = runAside({ path: source, copyTo: copy }, cancel.signal)
    cancel.abort()
    await expect(work).rejects.toMatchObject({ code: 'CANCELLED' })
  })

  it('is the file byte for byte, and a byte that was written otherwise is seen', async () => {
    fill('delete').close()
    await copyBytes(source, copy)
    expect(readFileSync(copy).equals(readFileSync(source))).toBe(true)
    const at = 1_300_000
    const flip = (file: number, block: Buffer, offset: number, length: number, position: number) => {
      const changed = Buffer.from(block.subarray(offset, offset + length))
      if (at >= position && at < position + length) changed[at - position] = (changed[at - position] ?? 0) ^ 1
      return writeSync(file, changed, 0, length, position)
    }
    await expect(copyBytes(source, copy, flip)).rejects.toThrow(`at byte ${at}`)
  })

  it('goes on after a short write, and names a full disk as SQLite does', async () => {
    fill('delete').close()
    const short = (file: number, block: Buffer, offset: number, length: number, position: number) =>
      writeSync(file, block, offset, Math.min(length, 100_000), position)
    await copyBytes(source, copy, short)
    expect(readFileSync(copy).equals(readFileSync(source))).toBe(true)
    const full = () => {
      throw Object.assign(new Error('no space left on device'), { code: 'ENOSPC' })
    }
    await expect(copyBytes(source, copy, full)).rejects.toMatchObject({ code: 'SQLITE_FULL' })
  })

  it('in WAL mode with nothing in the log: the file itself, though others write meanwhile', async () => {
    const db = fill('wal')
    db.pragma('wal_checkpoint(TRUNCATE)')
    const before = content(source)
    const reader = new Database(source, { readonly: true })
    const copying = copyPages(reader, copy)
    // It has begun to read: what is committed now is not of its moment, and no checkpoint may bring it into the file.
    db.exec('DELETE FROM t WHERE id % 2 = 0')
    db.pragma('wal_checkpoint(PASSIVE)')
    expect(await copying).toEqual({ isCompared: true })
    expect(content(copy)).toEqual(before)
    expect(content(source)).not.toEqual(before)
    reader.close()
    db.close()
  })
})
