import { stat } from 'node:fs/promises'
import { describe, expect, it } from 'vitest'
import { openSqlite } from '@/lib/sqlite/open-database'
import { createSqliteDatabase } from '@/tests/support/sqlite-databases'
import { countBeside } from './count-beside'

const tables = `CREATE TABLE page (id INTEGER PRIMARY KEY, body); CREATE TABLE word (w TEXT PRIMARY KEY) WITHOUT ROWID; CREATE TABLE empty (v);
  WITH RECURSIVE n(i) AS (SELECT 1 UNION ALL SELECT i + 1 FROM n WHERE i < 45000) INSERT INTO page SELECT i, NULL FROM n;
  INSERT INTO word VALUES ('a'), ('b');`

describe.each([
  ['a small file, here', tables, false],
  ['a large one, by a thread', `${tables} INSERT INTO page VALUES (100000, zeroblob(70000000));`, true],
])('the rows of %s', (_, sql, isLarge) => {
  it('are counted as they were when it was opened', async () => {
    await using file = await createSqliteDatabase(`PRAGMA journal_mode = WAL; ${sql}`)
    expect((await stat(file.path)).size > 64 * 1024 * 1024).toBe(isLarge)
    await using counter = await countBeside(file.path, new AbortController().signal)
    openSqlite(file.path).exec(`INSERT INTO word VALUES ('c')`).close()
    expect(counter.opened.catalogue.tables.map(({ name }) => name)).toEqual(['empty', 'page', 'word'])
    expect(await counter.count('page')).toEqual({ rows: isLarge ? 45_001 : 45_000 })
    expect(await counter.count('word')).toEqual({ rows: 2 })
    expect(await counter.count('empty')).toEqual({ rows: 0 })
  })

  it('are not counted any more once that was cancelled', async () => {
    await using file = await createSqliteDatabase(sql)
    const controller = new AbortController()
    await using counter = await countBeside(file.path, controller.signal)
    const counting = counter.count('page')
    controller.abort()
    await expect(counting).rejects.toMatchObject({ code: 'CANCELLED' })
  })
})
