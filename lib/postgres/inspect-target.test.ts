import { describe, expect, inject, it } from 'vitest'
import { createPostgresDatabase, withPostgres } from '@/tests/support/postgres-databases'
import { connectPostgres } from './connect'
import { inspectTarget } from './inspect-target'

const signal = new AbortController().signal
const codesOf = (inspection: Awaited<ReturnType<typeof inspectTarget>>) =>
  inspection.checks.filter((check) => check.status === 'failed').map((check) => check.code)

describe.each([...inject('postgresServers')])('inspectTarget on $name', (server) => {
  it('passes an empty database and measures it', async () => {
    await using database = await createPostgresDatabase(server)
    const inspection = await inspectTarget(database.url, signal)
    expect(inspection).toMatchObject({ isReady: true, leftover: 'none' })
    expect(inspection.serverVersion).toMatch(new RegExp(`^${server.major}`))
    expect(inspection.latencyMs).toBeGreaterThan(0)
  })

  it('compiles no statement in our sessions, whatever the server is set to', async () => {
    await using database = await createPostgresDatabase(server)
    await withPostgres(database.url, (client) => client.query(`ALTER DATABASE "${database.name}" SET jit = on`))
    await using session = await connectPostgres(database.url, { applicationName: 'bascule test' }).then((client) => ({
      client,
      [Symbol.asyncDispose]: () => client.end(),
    }))
    // What a round of few keys asks: costs beyond all limits, from which on a server with LLVM would compile it.
    await session.client.query('SET enable_seqscan = off; CREATE TEMP TABLE keys (id int)')
    const { rows } = await session.client.query<Record<string, string>>('EXPLAIN (ANALYZE) SELECT * FROM keys')
    expect(rows.map((row) => row['QUERY PLAN']).join('\n')).not.toContain('JIT')
    expect((await session.client.query('SHOW jit')).rows).toEqual([{ jit: 'off' }])
  })

  it('names what stands in a database that is not empty', async () => {
    await using database = await createPostgresDatabase(server)
    await withPostgres(database.url, (client) => client.query('CREATE TABLE "Other" (id int)'))
    const inspection = await inspectTarget(database.url, signal)
    expect(inspection.isReady).toBe(false)
    expect(inspection.checks.find((check) => check.name === 'empty')?.message).toContain('Other')
    expect(await inspectTarget(`${database.url}?schema=app`, signal)).toMatchObject({ isReady: true, schema: 'app' })
  })

  it('tells password, database, rights and encoding apart', async () => {
    await using database = await createPostgresDatabase(server)
    const user = `reader_${database.name}`
    const url = new URL(database.url)
    await withPostgres(database.url, (client) =>
      client.query(`CREATE ROLE ${user} LOGIN PASSWORD 'secret'; REVOKE CREATE ON SCHEMA public FROM PUBLIC`),
    )
    try {
      url.username = user
      url.password = 'secret'
      expect(codesOf(await inspectTarget(url.href, signal))).toEqual(['TARGET_NOT_PRIVILEGED'])
      url.password = 'wrong-secret'
      const refused = await inspectTarget(url.href, signal)
      expect(codesOf(refused)).toEqual(['TARGET_PASSWORD_REFUSED'])
      expect(JSON.stringify(refused)).not.toContain('wrong-secret')
    } finally {
      await withPostgres(server.url, (client) => client.query(`DROP ROLE ${user}`))
    }
    expect(codesOf(await inspectTarget(database.url.replace(database.name, 'no_such_database'), signal))).toEqual([
      'TARGET_DATABASE_MISSING',
    ])
  })
})

it('answers for a server that is not there', async () => {
  const inspection = await inspectTarget('postgresql://me:pw@127.0.0.1:9/db', signal)
  expect(codesOf(inspection)).toEqual(['TARGET_UNREACHABLE'])
  expect(inspection.checks.filter((check) => check.status === 'unknown')).toHaveLength(6)
  expect(codesOf(await inspectTarget('postgresql://me:pw@no-such-host.invalid/db', signal))).toEqual(['TARGET_UNREACHABLE'])
})
