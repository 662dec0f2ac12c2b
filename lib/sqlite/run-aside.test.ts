import Database from 'better-sqlite3'
import { describe, expect, it } from 'vitest'
import { type SafeSql, safeSql } from '@/lib/core/quoted-name'
import { createSqliteDatabase } from '@/tests/support/sqlite-databases'
import { runAside } from './run-aside'
import { warmFile } from './warm-file'

const never = new AbortController().signal

describe('runAside', () => {
  it('answers the rows, larger than a pipe holds, and several at once', async () => {
    await using source = await createSqliteDatabase('CREATE TABLE t (v TEXT); INSERT INTO t VALUES (hex(zeroblob(200000)))')
    const statement = { path: source.path, readonly: true, sql: safeSql`SELECT length(v) AS n, v FROM t` }
    const answers = await Promise.all([runAside(statement, never), runAside(statement, never), runAside(statement, never)])
    expect(answers.map((rows) => [rows[0]?.n, String(rows[0]?.v).length])).toEqual([
      [400000, 400000],
      [400000, 400000],
      [400000, 400000],
    ])
  })

  it('hands on what SQLite refuses', async () => {
    await using source = await createSqliteDatabase('CREATE TABLE t (v TEXT)')
    await expect(runAside({ path: source.path, readonly: true, sql: safeSql`SELECT v FROM nowhere` }, never)).rejects.toMatchObject({
      code: 'SOURCE_UNREADABLE',
      message: expect.stringContaining('no such table: nowhere'),
    })
  })

  it('has closed the file when it answers, and goes on after a refusal and after a cancel', async () => {
    await using source = await createSqliteDatabase('CREATE TABLE t (v TEXT)')
    const ask = (sql: SafeSql, signal = never) => runAside({ path: source.path, readonly: false, sql }, signal)
    for (let round = 1; round <= 5; round += 1) {
      await ask(safeSql`INSERT INTO t VALUES ('x')`)
      await expect(ask(safeSql`SELECT v FROM nowhere`)).rejects.toMatchObject({ code: 'SOURCE_UNREADABLE' })
      await expect(ask(safeSql`SELECT 1`, AbortSignal.abort())).rejects.toMatchObject({ code: 'CANCELLED' })
      // Exclusive: no other connection may be left, whose locks would stop it.
      const db = new Database(source.path, { timeout: 0 })
      db.exec('PRAGMA locking_mode = EXCLUSIVE; BEGIN EXCLUSIVE; COMMIT')
      expect(db.prepare('SELECT count(*) FROM t').pluck().get()).toBe(round)
      db.close()
    }
  })

  it('reads a file through while others have locks on it, and loses none of them', async () => {
    await using source = await createSqliteDatabase('CREATE TABLE t (v TEXT); INSERT INTO t VALUES (hex(zeroblob(10000000)))')
    const writer = new Database(source.path)
    writer.exec('BEGIN IMMEDIATE')
    expect(await runAside({ path: source.path, readThrough: true }, never)).toEqual([])
    await warmFile(source.path, never)
    const other = new Database(source.path, { timeout: 0 })
    expect(() => other.exec('BEGIN IMMEDIATE')).toThrow(expect.objectContaining({ code: 'SQLITE_BUSY' }))
    writer.exec('COMMIT')
    other.exec('BEGIN IMMEDIATE; COMMIT')
    other.close()
    writer.close()
    // What is not there is said by whoever needs it.
    await warmFile(`${source.path}.absent`, never)
    await expect(warmFile(source.path, AbortSignal.abort())).rejects.toMatchObject({ code: 'CANCELLED' })
  })

  it('stops at once when cancelled', async () => {
    await using source = await createSqliteDatabase('CREATE TABLE t (v TEXT)')
    const controller = new AbortController()
    const sql = safeSql`WITH RECURSIVE n(i) AS (SELECT 1 UNION ALL SELECT i + 1 FROM n) SELECT count(*) AS n FROM n`
    const running = runAside({ path: source.path, readonly: true, sql }, controller.signal)
    setTimeout(() => controller.abort(), 300)
    await expect(running).rejects.toMatchObject({ code: 'CANCELLED' })
  })
})
