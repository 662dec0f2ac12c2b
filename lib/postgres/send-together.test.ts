import { expect, inject, it } from 'vitest'
import { createPostgresDatabase, withPostgres } from '@/tests/support/postgres-databases'
import { sendTogether } from './send-together'

const server = { url: inject('embeddedPostgresUrl') }
const data = (text: string) => Buffer.from(text)

it('runs statements and COPY one after the other, in one message', async () => {
  await using database = await createPostgresDatabase(server)
  await withPostgres(database.url, async (client) => {
    await sendTogether(client, [])
    await sendTogether(client, [
      'CREATE TABLE one (id int PRIMARY KEY)',
      { copy: 'COPY one FROM STDIN', data: data('1\n2\n') },
      'DELETE FROM one WHERE id = 1',
      { copy: 'COPY one FROM STDIN', data: data('') },
      { copy: 'COPY one FROM STDIN', data: data('1\n3\n') },
    ])
    expect((await client.query('SELECT id FROM one ORDER BY id')).rows).toEqual([{ id: 1 }, { id: 2 }, { id: 3 }])
  })
})

it('says what failed, does nothing of the rest, and leaves a connection that can be used', async () => {
  await using database = await createPostgresDatabase(server)
  await withPostgres(database.url, async (client) => {
    await client.query('CREATE TABLE one (id int PRIMARY KEY)')
    const steps = [
      { copy: 'COPY one FROM STDIN', data: data('1\n') },
      { copy: 'COPY one FROM STDIN', data: data('1\n') },
      { copy: 'COPY one FROM STDIN', data: data('2\n') },
      'DROP TABLE one',
    ]
    await client.query('BEGIN')
    await expect(sendTogether(client, steps)).rejects.toMatchObject({ code: '23505' })
    await client.query('ROLLBACK')
    expect((await client.query('SELECT count(*)::int AS n FROM one')).rows).toEqual([{ n: 0 }])
    // What was to come of the COPY after the one that failed is not taken for a statement.
    await expect(sendTogether(client, ['SELECT 1', { copy: 'COPY nothing FROM STDIN', data: data('1\n') }])).rejects.toMatchObject({
      code: '42P01',
    })
    expect((await client.query('SELECT 1 AS one')).rows).toEqual([{ one: 1 }])
  })
})
