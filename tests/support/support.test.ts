import Database from 'better-sqlite3'
import { describe, expect, inject, it } from 'vitest'
import { createPostgresDatabase, withPostgres } from './postgres-databases'
import { createCvsiteDatabase, createSqliteDatabase } from './sqlite-databases'

describe.each([...inject('postgresServers')])('databases on $name', (server) => {
  it('runs the major that its name says', async () => {
    const number = await withPostgres(server.url, (client) => client.query<{ server_version_num: string }>('SHOW server_version_num'))
    expect(Math.floor(Number(number.rows[0]?.server_version_num) / 10_000)).toBe(server.major)
  })

  it('makes an empty database and drops it, also with someone connected', async () => {
    const database = await createPostgresDatabase(server)
    const tables = "SELECT count(*)::int AS n FROM pg_tables WHERE schemaname NOT IN ('pg_catalog', 'information_schema')"
    await withPostgres(database.url, async (client) => {
      client.on('error', () => undefined)
      expect((await client.query(tables)).rows).toEqual([{ n: 0 }])
      await database.drop()
    })
    const left = await withPostgres(server.url, (client) => client.query('SELECT 1 FROM pg_database WHERE datname = $1', [database.name]))
    expect(left.rowCount).toBe(0)
  })

  it('clones the migrated template for many at once', async () => {
    const databases = await Promise.all(Array.from({ length: 4 }, () => createPostgresDatabase(server, { schema: 'cvsite' })))
    for (const database of databases) {
      await using one = database
      await withPostgres(one.url, async (client) => {
        const applied = await client.query('SELECT migration_name FROM _prisma_migrations WHERE finished_at IS NOT NULL')
        expect(applied.rowCount).toBeGreaterThan(0)
        expect((await client.query('SELECT count(*)::int AS n FROM "User"')).rows).toEqual([{ n: 0 }])
      })
    }
  })
})

describe('SQLite databases', () => {
  it('have cvsite’s schema, WAL mode and no rows', async () => {
    await using database = await createCvsiteDatabase()
    const sqlite = new Database(database.path)
    expect(sqlite.pragma('journal_mode', { simple: true })).toBe('wal')
    expect(sqlite.prepare('SELECT count(*) AS n FROM "User"').get()).toEqual({ n: 0 })
    expect(sqlite.prepare('SELECT count(*) AS n FROM _prisma_migrations').get()).not.toEqual({ n: 0 })
    sqlite.close()
  })

  it('are made from a script, one folder each', async () => {
    await using left = await createSqliteDatabase('CREATE TABLE a (id INTEGER PRIMARY KEY)')
    await using right = await createSqliteDatabase('CREATE TABLE b (id INTEGER PRIMARY KEY)')
    expect(left.folder).not.toBe(right.folder)
  })
})
