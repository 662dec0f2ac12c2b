import { afterAll, beforeAll, expect, inject, it } from 'vitest'
import { type AppDatabase, createAppDatabase } from '@/lib/database/app-database'
import { createTcpProxy, type TcpProxy } from '@/lib/migration/testing/tcp-proxy'
import { createPostgresDatabase, type TestPostgresDatabase, withPostgres } from './support/postgres-databases'

let target: TestPostgresDatabase
let proxy: TcpProxy
let app: AppDatabase

beforeAll(async () => {
  target = await createPostgresDatabase({ url: inject('embeddedPostgresUrl') }, { schema: 'cvsite' })
  proxy = await createTcpProxy(target.url)
  app = createAppDatabase({
    readState: async () => ({
      status: 'on-postgresql',
      jobId: null,
      target: { sealedUrl: proxy.url, label: 'app' },
      since: '2026-01-01T00:00:00.000Z',
    }),
    sqlitePath: null,
    openTarget: ({ sealedUrl }) => sealedUrl,
  })
})
afterAll(async () => {
  await app?.close()
  await proxy?.[Symbol.asyncDispose]()
  await target?.drop()
})

const count = (email: string) =>
  withPostgres(
    target.url,
    async (client) => (await client.query('SELECT count(*)::int AS n FROM "User" WHERE email = $1', [email])).rows[0].n,
  )

it('a transaction that is cut in the middle has changed nothing, says that it may be tried again, and can be', async () => {
  let cuts = 0
  const write = () =>
    app.write(async ({ user, creditBalance }) => {
      const { id } = await user.create({ data: { email: 'cut@cvsite.test' } })
      if (cuts === 0) {
        cuts += 1
        proxy.cut()
      }
      await creditBalance.create({ data: { userId: id, balance: 1 } })
    })
  await expect(write()).rejects.toMatchObject({ code: 'TARGET_CONNECTION_LOST', retryable: true })
  expect(await count('cut@cvsite.test')).toBe(0)
  // Connections of the pool may be found dead one after the other.
  await expect
    .poll(
      () =>
        write().then(
          () => 'written',
          (error: { code: string }) => error.code,
        ),
      { timeout: 60_000 },
    )
    .toBe('written')
  expect(await count('cut@cvsite.test')).toBe(1)
})

it('one whose COMMIT is not answered says that it is not known, and is not done a second time', async () => {
  let attempts = 0
  const refused = app.write(async ({ user }) => {
    attempts += 1
    await user.create({ data: { email: 'open@cvsite.test' } })
    proxy.onceSent('COMMIT', () => proxy.cut())
  })
  await expect(refused).rejects.toMatchObject({ code: 'TARGET_CONNECTION_LOST', retryable: false })
  expect(attempts).toBe(1)
  // The server had it before it could answer, and saved it.
  await expect.poll(() => count('open@cvsite.test'), { timeout: 30_000 }).toBe(1)
})

it('while PostgreSQL is away a write is refused as retryable', async () => {
  await proxy.shut()
  try {
    const write = app.write(({ user }) => user.create({ data: { email: 'away@cvsite.test' } }))
    await expect(write).rejects.toMatchObject({ code: 'TARGET_CONNECTION_LOST', retryable: true })
  } finally {
    await proxy.open()
  }
})
