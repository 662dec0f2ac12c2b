import { join } from 'node:path'
import { expect, inject, it } from 'vitest'
import { createPostgresDatabase, withPostgres } from '@/tests/support/postgres-databases'
import { ensureSchema } from './ensure-schema'
import { openPostgresClient } from './postgres-client'

const root = join(import.meta.dirname, '../..')

it('says that a table is locked instead of waiting for ever, for reads and writes alike', async () => {
  await using database = await createPostgresDatabase({ url: inject('embeddedPostgresUrl') })
  await ensureSchema({ engine: 'postgresql', url: database.url }, root)
  const client = await openPostgresClient(database.url, 100)
  try {
    await withPostgres(database.url, async (other) => {
      await other.query('BEGIN; LOCK TABLE "User" IN ACCESS EXCLUSIVE MODE')
      const read = await client.reader.user.count().catch(client.explain)
      expect(read).toMatchObject({ code: 'STATE_CONFLICT', retryable: true })
      const writing = client.transact(({ user }) => user.create({ data: { email: 'a@cvsite.test' } }))
      await expect(writing).rejects.toMatchObject({ code: 'STATE_CONFLICT', retryable: true })
      await other.query('ROLLBACK')
    })
    expect(await client.reader.user.count()).toBe(0)
  } finally {
    await client.close()
  }
})
