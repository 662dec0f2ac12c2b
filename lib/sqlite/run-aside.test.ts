import { describe, expect, it } from 'vitest'
import { safeSql } from '@/lib/core/quoted-name'
import { createSqliteDatabase } from '@/tests/support/sqlite-databases'
import { runAside } from './run-aside'

const never = new AbortController().signal

describe('runAside', () => {
  it('answers although the process has ended before its answer was read', async () => {
    await using source = await createSqliteDatabase('CREATE TABLE t (v TEXT); INSERT INTO t VALUES (hex(zeroblob(200000)))')
    const statement = { path: source.path, readonly: true, sql: safeSql`SELECT v FROM t` }
    const answers = Array.from({ length: 6 }, () => runAside(statement, never))
    // The event loop is kept busy, as under load: exit and answer are then both waiting.
    const until = Date.now() + 1500
    while (Date.now() < until);
    expect((await Promise.all(answers)).map((rows) => rows.length)).toEqual([1, 1, 1, 1, 1, 1])
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
