import Database from 'better-sqlite3'
import { describe, expect, inject, it } from 'vitest'
import { createPostgresDatabase } from '@/tests/support/postgres-databases'
import { createSqliteDatabase } from '@/tests/support/sqlite-databases'
import { choose, migrate, rowsOf, writeHistory } from '../testing/repaired-migration'

describe.each(inject('postgresServers'))('repairs of equal keys on $name', (server) => {
  it('take of equal rows one, and leave rows that differ to people', async () => {
    const script = (second: string) =>
      `CREATE TABLE t (id TEXT NOT NULL PRIMARY KEY, name TEXT); INSERT INTO t VALUES ('A0EEBC99-9C0B-4EF8-BB6D-6BB9BD380A11', 'x'), ${second}`
    const sql = 'CREATE TABLE t (id uuid PRIMARY KEY, name text)'
    await using equal = await createSqliteDatabase(script(`('a0eebc99-9c0b-4ef8-bb6d-6bb9bd380a11', 'x')`))
    await using target = await createPostgresDatabase(server)
    const result = await migrate(equal, target, [choose('duplicates', 'delete')], { model: await writeHistory(equal.folder, sql) })
    expect(result.error).toBeUndefined()
    expect(await rowsOf(target, 'SELECT name FROM t')).toEqual([{ name: 'x' }])
    await using other = await createSqliteDatabase(script(`('a0eebc99-9c0b-4ef8-bb6d-6bb9bd380a11', 'y')`))
    await using empty = await createPostgresDatabase(server)
    const refused = await migrate(other, empty, [choose('duplicates', 'delete')], { model: await writeHistory(other.folder, sql) })
    expect(refused.error).toMatchObject({ code: 'INVALID_INPUT', message: expect.stringContaining('duplicates=delete is not possible') })
    expect(refused.findings.at(-1)).toMatchObject({ severity: 'blocks', choices: [], chosen: null })
  })

  it('take of equal rows one and go on to name those of the same key that differ', async () => {
    await using source = await createSqliteDatabase(
      `CREATE TABLE t (code TEXT, v INTEGER); INSERT INTO t VALUES ('a', 1), ('a', 1), ('a', 1), ('b', 1), ('b', 2)`,
    )
    await using target = await createPostgresDatabase(server)
    const model = await writeHistory(source.folder, 'CREATE TABLE t (code text UNIQUE, v int)')
    const offered = await migrate(source, target, [], { model })
    expect(offered.findings.map(({ severity, count, choices }) => [severity, count, choices.length])).toEqual([
      ['blocks', 2, 1],
      ['blocks', 1, 0],
    ])
    const chosen = await migrate(source, target, [choose('duplicates', 'delete')], { model })
    expect(chosen.error).toMatchObject({ code: 'VALUE_REFUSED' })
    expect(chosen.error?.hint).not.toContain('duplicates=delete')
    expect(chosen.findings.map(({ severity, count }) => [severity, count])).toEqual([
      ['repaired', 2],
      ['blocks', 1],
    ])
    const db = new Database(source.path)
    db.exec('DELETE FROM t WHERE v = 2')
    db.close()
    const result = await migrate(source, target, [choose('duplicates', 'delete')], { model })
    expect(result.error).toBeUndefined()
    expect(result.repairs).toMatchObject([{ kind: 'duplicates', rows: 2 }])
    expect(await rowsOf(target, 'SELECT code, v FROM t ORDER BY 1')).toEqual([
      { code: 'a', v: 1 },
      { code: 'b', v: 1 },
    ])
  })
})
