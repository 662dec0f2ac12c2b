import { describe, expect, it } from 'vitest'
import { safeSql } from '@/lib/core/quoted-name'
import { createSqliteDatabase } from '@/tests/support/sqlite-databases'
import { runAside } from './run-aside'

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

  it('stops at once when cancelled', async () => {
    await using source = await createSqliteDatabase('CREATE TABLE t (v TEXT)')
    const controller = new AbortController()
    const sql = safeSql`WITH RECURSIVE n(i) AS (SELECT 1 UNION ALL SELECT i + 1 FROM n) SELECT count(*) AS n FROM n`
    const running = runAside({ path: source.path, readonly: true, sql }, controller.signal)
    setTimeout(() => controller.abort(), 300)
    await expect(running).rejects.toMatchObject({ code: 'CANCELLED' })
  })
})
