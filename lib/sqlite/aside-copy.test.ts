import { appendFileSync, copyFileSync, mkdtempSync, openSync, readFileSync, rmSync, statSync, writeSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import Database from 'better-sqlite3'
import { afterAll, beforeEach, describe, expect, it } from 'vitest'
import { firstDifference } from './aside-copy.mjs'
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

  it('one changed byte or a missing end is seen, the counters of the header are not', () => {
    fill('delete').close()
    copyFileSync(source, copy)
    const file = openSync(copy, 'r+')
    writeSync(file, Buffer.from([1, 2, 3, 4]), 0, 4, 24)
    expect(firstDifference(source, copy)).toBeNull()
    const at = 1_300_000
    writeSync(file, Buffer.from([(readFileSync(copy)[at] ?? 0) ^ 1]), 0, 1, at)
    expect(firstDifference(source, copy)).toBe(at)
    copyFileSync(source, copy)
    appendFileSync(copy, 'x')
    expect(firstDifference(source, copy)).toBe(statSync(source).size)
  })
})
