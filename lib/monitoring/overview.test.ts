import Database from 'better-sqlite3'
import { afterAll, beforeAll, describe, expect, inject, it } from 'vitest'
import { createPostgresDatabase, type TestPostgresDatabase, withPostgres } from '@/tests/support/postgres-databases'
import { createCvsiteDatabase, createSqliteDatabase, type TestSqliteDatabase } from '@/tests/support/sqlite-databases'
import { readOverview } from './overview'
import { overviewSchema } from './overview-schema'

const insertUsers = (count: number) =>
  `INSERT INTO "User" (id, email, "updatedAt") SELECT 'u' || n, 'u' || n || '@example.org', '2024-01-01 00:00:00'
   FROM (WITH RECURSIVE s(n) AS (SELECT 1 UNION ALL SELECT n + 1 FROM s WHERE n < ${count}) SELECT n FROM s) AS numbers`

describe('the overview of a SQLite file', () => {
  let database: TestSqliteDatabase
  beforeAll(async () => {
    database = await createCvsiteDatabase()
    const db = new Database(database.path)
    db.exec(insertUsers(120))
    db.close()
  })
  afterAll(() => database.remove())

  it('counts rows and users exactly and tells sizes, pages and journal', async () => {
    const overview = overviewSchema.parse(await readOverview({ engine: 'sqlite', path: database.path }))
    expect(overview).toMatchObject({ engine: 'sqlite', users: 120, postgresql: null, unknown: [] })
    expect(overview.sqlite).toMatchObject({ journalMode: 'wal', pageSizeBytes: 4096 })
    expect(overview.tables.find(({ table }) => table === 'User')).toMatchObject({ rows: 120, rowsExact: true })
    const sizes = overview.tables.map(({ sizeBytes }) => sizeBytes ?? 0)
    expect(sizes.every((size) => size >= 4096)).toBe(true)
    expect(sizes.reduce((sum, size) => sum + size, 0)).toBeLessThanOrEqual(overview.sizeBytes ?? 0)
  })

  it('says that a count is an estimate when there was no time to count', async () => {
    await using large = await createSqliteDatabase(
      `CREATE TABLE "User" (id INTEGER PRIMARY KEY);
       WITH RECURSIVE s(n) AS (SELECT 1 UNION ALL SELECT n + 1 FROM s WHERE n < 120000) INSERT INTO "User" SELECT n FROM s;`,
    )
    const overview = await readOverview({ engine: 'sqlite', path: large.path }, { timeoutMs: 0 })
    expect(overview.tables).toEqual([{ table: 'User', rows: 120_000, rowsExact: false, sizeBytes: null }])
    expect(overview.users).toBeNull()
  })

  it('refuses a missing file with its code', async () => {
    await expect(readOverview({ engine: 'sqlite', path: `${database.path}.nowhere` })).rejects.toMatchObject({ code: 'SOURCE_MISSING' })
  })
})

describe.each(inject('postgresServers'))('the overview of $name', (server) => {
  let database: TestPostgresDatabase
  beforeAll(async () => {
    database = await createPostgresDatabase(server, { schema: 'cvsite' })
    await withPostgres(database.url, (client) => client.query(insertUsers(75)))
  })
  afterAll(() => database.drop())

  it('counts rows and users exactly and tells version, sizes and connections', async () => {
    const overview = overviewSchema.parse(await readOverview({ engine: 'postgresql', url: database.url }))
    expect(overview).toMatchObject({ engine: 'postgresql', users: 75, sqlite: null, unknown: [] })
    expect(Number.parseInt(overview.version ?? '', 10)).toBeGreaterThanOrEqual(13)
    expect(overview.postgresql).toMatchObject({ encoding: 'UTF8' })
    expect(overview.postgresql?.connections).toBeGreaterThan(0)
    expect(overview.tables.find(({ table }) => table === 'User')).toMatchObject({ rows: 75, rowsExact: true })
    expect(overview.sizeBytes).toBeGreaterThan(1_000_000)
  })

  it('shows a table of the user’s that is named as ours begin', async () => {
    await withPostgres(database.url, (client) => client.query('CREATE TABLE "_bascule_notes" AS SELECT 1 AS id'))
    const { tables } = await readOverview({ engine: 'postgresql', url: database.url })
    expect(tables.find(({ table }) => table === '_bascule_notes')).toMatchObject({ rows: 1 })
  })

  it('counts the others where one table may not be read, and names that one', async () => {
    const role = `counter_${process.pid}_${server.major}`
    await withPostgres(database.url, async (client) => {
      await client.query(`CREATE ROLE ${role} LOGIN PASSWORD 'few'; GRANT SELECT ON ALL TABLES IN SCHEMA public TO ${role}`)
      await client.query(`REVOKE SELECT ON "CvFile" FROM ${role}`)
    })
    try {
      const url = new URL(database.url)
      url.username = role
      url.password = 'few'
      const { tables, users, unknown } = await readOverview({ engine: 'postgresql', url: url.href }, { timeoutMs: 30_000 })
      expect(users).toBe(75)
      expect(unknown.map(({ part }) => part)).toEqual(['table CvFile'])
      expect(tables.filter(({ rowsExact }) => !rowsExact).map(({ table }) => table)).toEqual(['CvFile'])
    } finally {
      await withPostgres(database.url, (client) => client.query(`DROP OWNED BY ${role}; DROP ROLE ${role}`))
    }
  })

  it('names each part that there was no time for, and invents nothing', async () => {
    const overview = await readOverview({ engine: 'postgresql', url: database.url }, { timeoutMs: 0 })
    expect(overview).toMatchObject({ version: null, sizeBytes: null, users: null, tables: [] })
    expect(overview.unknown.map(({ part }) => part)).toEqual(expect.arrayContaining(['version', 'size', 'tables']))
  })
})
