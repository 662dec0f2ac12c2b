import { copyFileSync, mkdtempSync, renameSync, rmSync, writeFileSync } from 'node:fs'
import { readFile } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import Database from 'better-sqlite3'
import { afterEach, beforeEach, describe, expect, it } from 'vitest'
import { raiseFence } from './fence'
import { type SourceWatch, watchSource } from './source-watch'

let folder: string
let path: string
let watch: SourceWatch | undefined
beforeEach(() => {
  folder = mkdtempSync(join(tmpdir(), 'bascule-watch-'))
  path = join(folder, 'app.db')
})
afterEach(() => {
  watch?.close()
  watch = undefined
  rmSync(folder, { recursive: true, force: true })
})

function app(): Database.Database {
  return new Database(path)
}

describe.each(['delete', 'truncate', 'persist', 'wal'])('in journal mode %s', (mode) => {
  beforeEach(() => {
    const db = app()
    db.pragma(`journal_mode = ${mode}`)
    db.exec("CREATE TABLE note (id INTEGER PRIMARY KEY, text TEXT); INSERT INTO note VALUES (1, 'one'), (2, 'two')")
    db.close()
  })

  it('reading, and a write that is taken back, are no change', () => {
    const db = app()
    watch = watchSource(path, false)
    db.prepare('SELECT count(*) FROM note').get()
    db.exec("BEGIN; UPDATE note SET text = 'three'; ROLLBACK")
    expect(watch.isUnchanged()).toBe(true)
    db.close()
  })

  it('any commit of another connection is a change, also one that changes the value back, and is never forgotten', () => {
    const db = app()
    watch = watchSource(path, false)
    db.exec("UPDATE note SET text = 'other' WHERE id = 1")
    db.exec("UPDATE note SET text = 'one' WHERE id = 1")
    expect(watch.isUnchanged()).toBe(false)
    expect(watch.isUnchanged()).toBe(false)
    db.close()
  })

  it('holds nobody up, and knows a commit from a transaction that began before it', () => {
    const db = app()
    db.exec("BEGIN IMMEDIATE; UPDATE note SET text = 'other' WHERE id = 1")
    watch = watchSource(path, false)
    expect(watch.isUnchanged()).toBe(true)
    db.pragma('busy_timeout = 0')
    db.exec('COMMIT')
    expect(watch.isUnchanged()).toBe(false)
    if (mode === 'wal') expect(db.pragma('wal_checkpoint(TRUNCATE)')).toMatchObject([{ busy: 0 }])
    db.close()
  })

  it('a fence and a checkpoint of its own are no change', () => {
    // Something in the log, and somebody who has it open.
    const db = app()
    db.exec("UPDATE note SET text = 'other' WHERE id = 1")
    watch = watchSource(path, true)
    watch.write((own) => {
      raiseFence(own, 'moving')
      own.pragma('wal_checkpoint(TRUNCATE)')
    })
    expect(() => db.exec("UPDATE note SET text = 'x'")).toThrow('BASCULE_FENCED')
    expect(watch.isUnchanged()).toBe(true)
    db.exec('DROP TABLE _bascule_fence')
    expect(watch.isUnchanged()).toBe(false)
    db.close()
  })

  it('what others committed before a write of its own is a change', () => {
    const db = app()
    watch = watchSource(path, true)
    db.exec("UPDATE note SET text = 'other' WHERE id = 1")
    watch.write((own) => raiseFence(own, 'moving'))
    expect(watch.isUnchanged()).toBe(false)
    db.close()
  })

  it('another file in its place, its bytes written over, or gone, are changes', async () => {
    const other = join(folder, 'other.db')
    const bytes = await readFile(path)
    watch = watchSource(path, false)
    copyFileSync(path, other)
    expect(watch.isUnchanged()).toBe(true)
    renameSync(other, path)
    expect(watch.isUnchanged()).toBe(false)
    watch.close()
    watch = watchSource(path, false)
    // Past the clock tick of the file system in which the watch began, for the times of two writes to differ.
    const begun = Date.now()
    while (Date.now() - begun < 50) await new Promise((resolve) => setTimeout(resolve, 10))
    writeFileSync(path, bytes)
    expect(watch.isUnchanged()).toBe(false)
    watch.close()
    watch = watchSource(path, false)
    renameSync(path, other)
    expect(watch.isUnchanged()).toBe(false)
  })
})
