import { join } from 'node:path'
import Database from 'better-sqlite3'
import { describe, expect, inject, it } from 'vitest'
import { createPostgresDatabase } from '@/tests/support/postgres-databases'
import { createTemporaryFolder } from '@/tests/support/sqlite-databases'
import { ensureSchema } from './ensure-schema'
import { openPostgresClient } from './postgres-client'
import { openSqliteClient } from './sqlite-client'

const root = join(import.meta.dirname, '../..')

describe('bringing an empty database to the data model', () => {
  it('makes a SQLite file and its folder, leaves it free for others, and does nothing the second time', async () => {
    await using folder = await createTemporaryFolder('schema')
    const location = { engine: 'sqlite', path: join(folder.path, 'new/app.db') } as const
    expect((await ensureSchema(location, root)).length).toBeGreaterThan(0)
    const client = await openSqliteClient(location.path)
    try {
      await client.transact(({ user }) => user.create({ data: { email: 'a@cvsite.test' } }))
      expect(await ensureSchema(location, root)).toEqual([])
      expect(await client.reader.user.count()).toBe(1)
    } finally {
      await client.close()
    }
  })

  it('says who is in the way when a schema migration is due and the file is open elsewhere', async () => {
    await using folder = await createTemporaryFolder('schema')
    const path = join(folder.path, 'app.db')
    await ensureSchema({ engine: 'sqlite', path }, root)
    const client = await openSqliteClient(path)
    try {
      const file = new Database(path)
      file.exec('DELETE FROM _prisma_migrations')
      file.close()
      await client.reader.user.count()
      await expect(ensureSchema({ engine: 'sqlite', path }, root)).rejects.toMatchObject({ code: 'SOURCE_BUSY', retryable: true })
    } finally {
      await client.close()
    }
  })

  it.each([...inject('postgresServers')])('does the same on $name, in the schema that the URL names', async (server) => {
    await using database = await createPostgresDatabase(server)
    const location = { engine: 'postgresql', url: `${database.url}?schema=public` } as const
    expect((await ensureSchema(location, root)).length).toBeGreaterThan(0)
    expect(await ensureSchema(location, root)).toEqual([])
    const client = await openPostgresClient(location.url)
    try {
      await client.transact(({ telemetryEvent }) =>
        telemetryEvent.create({ data: { sessionId: 's', type: 't', totalBytes: 9_007_199_254_740_993n } }),
      )
      expect(await client.reader.telemetryEvent.findMany({ select: { totalBytes: true } })).toEqual([
        { totalBytes: 9_007_199_254_740_993n },
      ])
    } finally {
      await client.close()
    }
  })
})
