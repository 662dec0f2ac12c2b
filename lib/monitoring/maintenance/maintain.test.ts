import { mkdtemp, rm } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import pg from 'pg'
import { afterAll, beforeAll, describe, expect, inject, it, vi } from 'vitest'
import type { ProgressEvent } from '@/lib/core/progress'
import { readHealth } from '@/lib/monitoring/health'
import { startOwnServer } from '@/tests/support/own-server'
import { createPostgresDatabase, databaseUrl, type TestPostgresDatabase, withPostgres } from '@/tests/support/postgres-databases'
import { maintain } from './maintain'

const never = new AbortController().signal
const noStore = undefined as never

describe.each(inject('postgresServers'))('maintenance on $name', (server) => {
  let database: TestPostgresDatabase
  const source = () => ({ engine: 'postgresql', url: database.url }) as const
  beforeAll(async () => {
    database = await createPostgresDatabase(server)
    await withPostgres(database.url, async (client) => {
      await client.query('CREATE TABLE one (id integer PRIMARY KEY, note text)')
      await client.query(`CREATE TABLE "Two ""quoted""" (id integer PRIMARY KEY)`)
      await client.query(`INSERT INTO one SELECT n, repeat('x', 100) FROM generate_series(1, 5000) n`)
      await client.query('CREATE INDEX one_note ON one (note)')
    })
  })
  afterAll(() => database.drop())

  it.each(['vacuum', 'analyze', 'freeze', 'reindex', 'routine'] as const)(
    '%s is done to all tables, one after another, and told',
    async (operation) => {
      const events: ProgressEvent[] = []
      const { result, error } = await maintain(source(), noStore, { operation }, (event) => events.push(event), never)
      expect(error).toBeNull()
      expect(result.items.map(({ target, outcome }) => [target, outcome]).sort()).toEqual([
        ['Two "quoted"', 'done'],
        ['one', 'done'],
      ])
      expect(events[0]).toEqual({ type: 'plan', phases: ['maintenance'] })
      expect(events.filter(({ type }) => type === 'progress').at(-1)).toMatchObject({ rowsDone: 2, rowsTotal: 2 })
      expect(events.at(-1)).toMatchObject({ type: 'phase', status: 'succeeded' })
    },
  )

  it('says what PostgreSQL skipped for want of a right, instead of calling it done', async () => {
    const role = `keeper_${process.pid}_${server.major}`
    await withPostgres(database.url, (client) =>
      client.query(`CREATE ROLE ${role} LOGIN PASSWORD 'few'; GRANT SELECT ON ALL TABLES IN SCHEMA public TO ${role}`),
    )
    try {
      const url = new URL(database.url)
      url.username = role
      url.password = 'few'
      const few = { engine: 'postgresql', url: url.href } as const
      const { result } = await maintain(few, noStore, { operation: 'vacuum', targets: ['one'] }, () => undefined, never)
      expect(result.items).toMatchObject([
        { target: 'one', outcome: 'skipped', message: expect.stringMatching(/permission|only|skipping/) },
      ])
    } finally {
      await withPostgres(database.url, (client) => client.query(`DROP OWNED BY ${role}; DROP ROLE ${role}`))
    }
  })

  it('is stopped in the middle of a rebuild; what that left is found, and a button takes it away', async () => {
    const holder = new pg.Client(database.url)
    await holder.connect()
    try {
      // A transaction that saw the table keeps the rebuild waiting in its middle.
      await holder.query('BEGIN; SELECT count(*) FROM one')
      const stop = new AbortController()
      const events: ProgressEvent[] = []
      const rebuilding = maintain(source(), noStore, { operation: 'reindex', targets: ['one'] }, (event) => events.push(event), stop.signal)
      await vi.waitFor(async () => expect(await leftovers(database.url)).toBeGreaterThan(0), { timeout: 30_000, interval: 50 })
      // It says who keeps it waiting, so that somebody can do something about it.
      await vi.waitFor(() => expect(JSON.stringify(events)).toContain('one: waits for session'), { timeout: 30_000, interval: 100 })
      stop.abort()
      const { error, result } = await rebuilding
      expect(error).toMatchObject({ code: 'CANCELLED' })
      expect(result.items).toEqual([])
      await holder.query('COMMIT')
      const check = (await readHealth(source())).checks.find(({ code }) => code === 'index-invalid')
      expect(check?.items.length).toBeGreaterThan(0)
      for (const item of check?.items ?? []) {
        expect(item.wording).toBe('leftover')
        if (item.action?.kind !== 'maintain') throw new Error('no button')
        expect((await maintain(source(), noStore, item.action.request, () => undefined, never)).error).toBeNull()
      }
      expect(await leftovers(database.url)).toBe(0)
    } finally {
      await holder.end()
    }
  })
})

describe('pg_stat_statements', () => {
  it('is told apart: not loaded, loaded but not created, made by the button, and read', { timeout: 120_000 }, async () => {
    const folder = await mkdtemp(join(tmpdir(), 'bascule-statements-'))
    await using server = await startOwnServer(join(folder, 'postgres'))
    try {
      const url = databaseUrl(server.url, 'postgres')
      const source = { engine: 'postgresql', url } as const
      const read = async () => {
        const report = await readHealth(source, { thresholds: { slowMeanMs: 0 } })
        if (report.engine !== 'postgresql' || report.panels.statements.status !== 'known') throw new Error('not known')
        return { statements: report.panels.statements.data, check: report.checks.find(({ code }) => code === 'slow-statements') }
      }
      expect(await read()).toMatchObject({ statements: { state: 'not-loaded' }, check: { level: 'info', action: null } })
      await withPostgres(url, (client) => client.query(`ALTER SYSTEM SET shared_preload_libraries = 'pg_stat_statements'`))
      await server.restart()
      const { statements, check } = await read()
      expect(statements).toMatchObject({ state: 'not-created', canCreate: true })
      if (check?.action?.kind !== 'maintain') throw new Error('no button')
      expect((await maintain(source, noStore, check.action.request, () => undefined, never)).error).toBeNull()
      await withPostgres(url, (client) => client.query(`SELECT count(*) FROM pg_class WHERE relname <> 'a secret'`))
      const after = await read()
      expect(after.statements.state).toBe('ready')
      expect(after.statements.statements.map(({ statement }) => statement)).toContain('SELECT count(*) FROM pg_class WHERE relname <> $1')
      expect(after.check?.count).toBeGreaterThan(0)
      // The same server, for a setting that is switched on again by its button; what the command line says has none.
      const setting = async (name: string) =>
        (await readHealth(source)).checks.flatMap(({ items }) => items).find(({ subject }) => subject === name)
      await withPostgres(url, (client) =>
        client.query('ALTER SYSTEM SET autovacuum = off').then(() => client.query('SELECT pg_reload_conf()')),
      )
      await expect.poll(() => setting('autovacuum'), { timeout: 30_000 }).toMatchObject({ level: 'critical' })
      expect((await setting('fsync'))?.action).toBeNull()
      const found = await setting('autovacuum')
      if (found?.action?.kind !== 'maintain') throw new Error('no button')
      expect((await maintain(source, noStore, found.action.request, () => undefined, never)).error).toBeNull()
      await expect.poll(() => setting('autovacuum'), { timeout: 30_000 }).toBeUndefined()
      const other = { operation: 'switch-on' as const, targets: ['archive_command'] }
      await expect(maintain(source, noStore, other, () => undefined, never)).rejects.toMatchObject({ code: 'NOT_FOUND' })
    } finally {
      await rm(folder, { recursive: true, force: true })
    }
  })
})

/** Invalid indexes that REINDEX CONCURRENTLY has made so far. */
async function leftovers(url: string): Promise<number> {
  return withPostgres(url, async (client) => {
    const { rows } = await client.query<{ n: number }>(
      `SELECT count(*)::int AS n FROM pg_index x JOIN pg_class c ON c.oid = x.indexrelid WHERE c.relname ~ '_cc(new|old)' AND NOT x.indisvalid`,
    )
    return rows[0]?.n ?? 0
  })
}
