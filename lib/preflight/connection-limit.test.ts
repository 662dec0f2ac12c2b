import { join } from 'node:path'
import pg from 'pg'
import { afterAll, beforeAll, beforeEach, expect, it, vi } from 'vitest'
import { asTargetUrl } from '@/lib/postgres/target-url'
import { type OwnServer, startOwnServer } from '@/tests/support/own-server'
import { withPostgres } from '@/tests/support/postgres-databases'
import { createTemporaryFolder, type TemporaryFolder } from '@/tests/support/sqlite-databases'
import { askTarget } from './target-checks'

/** Of these a role without privileges may have 16: three are kept for superusers. */
const maxConnections = 19

let folder: TemporaryFolder
let server: OwnServer
let url: string
const held: pg.Client[] = []

beforeAll(async () => {
  folder = await createTemporaryFolder('connection-limit')
  server = await startOwnServer(join(folder.path, 'postgres'))
  await withPostgres(server.url, async (client) => {
    await client.query(`ALTER SYSTEM SET max_connections = ${maxConnections}`)
    await client.query(`CREATE ROLE app LOGIN PASSWORD 'secret'`)
    await client.query('CREATE DATABASE app OWNER app')
  })
  await server.restart()
  const address = new URL(server.url)
  Object.assign(address, { username: 'app', password: 'secret', pathname: '/app' })
  url = address.href
})
afterAll(async () => {
  await Promise.all(held.map((client) => client.end()))
  await server[Symbol.asyncDispose]()
  await folder[Symbol.asyncDispose]()
})

/** The server counts what has ended a moment ago: each test begins when nobody but these is there. */
beforeEach(() =>
  withPostgres(server.url, async (client) => {
    await expect
      .poll(async () => (await client.query(`SELECT 1 FROM pg_stat_activity WHERE usename = 'app'`)).rowCount, { timeout: 30_000 })
      .toBe(held.length)
  }),
)

/** A connection that has just ended may still be counted: what is refused for it is asked for again. */
async function hold(connections: number): Promise<void> {
  const connect = async () => {
    const client = new pg.Client({ connectionString: url })
    await client.connect()
    held.push(client)
  }
  while (held.length < connections) await vi.waitFor(connect, { timeout: 30_000, interval: 50 })
}

const ask = async () => {
  const { checks } = await askTarget({ target: asTargetUrl(url), sourceBytes: 1_000_000, extensions: [] }, new AbortController().signal)
  return (code: string) => checks.find((check) => check.code === code)
}

it.each([
  [0, 'enough', 'passed'],
  [3, 'few', 'warning'],
  [13, 'none', 'failed'],
] as const)('with %i connections of a small server in use, there are %s', async (connections, outcome, status) => {
  await hold(connections)
  const connected = (await ask())('target-connections')
  expect(connected).toMatchObject({ outcome, status })
  // One more than is free to others: that of the question itself. The superuser who only watches has gone or has one.
  expect([16 - connections, 15 - connections]).toContain(connected?.params.free)
  if (outcome !== 'enough') expect(connected?.remedy).toMatch(/^ALTER SYSTEM SET max_connections = \d+;/)
})

it('a server that is full says that there are none, and nothing else of it is known', async () => {
  await hold(16)
  const of = await ask()
  expect(of('target-connections')).toMatchObject({ outcome: 'none', status: 'failed', params: { free: 0 } })
  expect(of('target-reachable')).toMatchObject({ status: 'failed' })
  for (const code of ['target-version', 'target-disk', 'target-time-zone']) expect(of(code)).toMatchObject({ status: 'unknown' })
})

it('says of a disk that it cannot see what is needed there and how to look', async () => {
  await Promise.all(held.splice(0).map((client) => client.end()))
  await withPostgres(server.url, (client) =>
    expect
      .poll(async () => (await client.query(`SELECT 1 FROM pg_stat_activity WHERE usename = 'app'`)).rowCount, { timeout: 30_000 })
      .toBe(0),
  )
  const hidden = (await ask())('target-disk')
  expect(hidden).toMatchObject({
    outcome: 'hidden',
    status: 'unknown',
    remedy: expect.stringContaining('GRANT pg_read_all_settings TO "app"'),
  })
  expect(hidden?.params.databaseBytes).toBeGreaterThan(1_000_000)
  expect(hidden?.params.neededBytes).toBeGreaterThan(2_500_000)
})
