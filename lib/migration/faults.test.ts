import { execFileSync, spawn } from 'node:child_process'
import { once } from 'node:events'
import { writeFileSync } from 'node:fs'
import { mkdir, readdir, writeFile } from 'node:fs/promises'
import { join } from 'node:path'
import { createInterface } from 'node:readline'
import { describe, expect, inject, it, vi } from 'vitest'
import type { ProgressEvent } from '@/lib/core/progress'
import { readFence } from '@/lib/sqlite/fence'
import { openSqlite } from '@/lib/sqlite/open-database'
import { mountSmallDisk } from '@/tests/support/own-server'
import { createPostgresDatabase, databaseUrl, type TestPostgresDatabase, withPostgres } from '@/tests/support/postgres-databases'
import { programArguments } from '@/tests/support/program-arguments'
import { createTemporaryFolder, type TestSqliteDatabase } from '@/tests/support/sqlite-databases'
import { discardCopy } from './discard-copy'
import { type MigrateOptions, migrateDatabase } from './migrate-database'
import { recoverDatabases } from './recover'
import type { SchemaModel } from './schema-plan'
import { createLargeSource } from './testing/large-source'
import { createTcpProxy } from './testing/tcp-proxy'

const never = new AbortController().signal
// Two migrations and two processes in one test, on a machine that other tests share.
const killTimeoutMs = 180_000
const rows = 60_000

type Target = Pick<TestPostgresDatabase, 'name' | 'url'>

function optionsFor(source: TestSqliteDatabase, target: Target): MigrateOptions {
  return {
    jobId: `job-${target.name}`,
    sourcePath: source.path,
    targetUrl: target.url,
    model: { kind: 'introspect' },
    workDir: join(source.folder, 'work'),
    fenceSource: true,
    setAside: false,
    dryRun: false,
    chunkRows: 20_000,
  }
}

async function expectAsFound(source: TestSqliteDatabase, target: Target): Promise<void> {
  const found = await withPostgres(target.url, (client) =>
    client.query(`SELECT c.relname FROM pg_class c JOIN pg_namespace n ON n.oid = c.relnamespace WHERE n.nspname IN ('public', 'bascule')
      UNION ALL SELECT nspname FROM pg_namespace WHERE nspname = 'bascule'`),
  )
  expect(found.rows).toEqual([])
  const db = openSqlite(source.path)
  expect(readFence(db)).toBeNull()
  db.exec(`INSERT INTO parent (name) VALUES ('writable again')`)
  db.exec(`DELETE FROM parent WHERE name = 'writable again'`)
  db.close()
  expect(await readdir(join(source.folder, 'work'))).toEqual([])
}

const isCopying = (event: ProgressEvent) => event.type === 'progress' && event.phase === 'copy' && event.rowsDone > 0

const servers = inject('postgresServers')
let turn = 0
/** The servers take turns: what is tried here is our own conduct, of which each of them sees a half. */
const nextServer = () => servers[turn++ % servers.length] ?? expect.fail('no server')

describe('faults', () => {
  it.each(['checks', 'safety-copy', 'schema', 'copy', 'structure', 'statistics', 'counts'])(
    'cancelled in %s: ends promptly, and all is as found',
    async (phase) => {
      await using source = await createLargeSource(rows)
      await using target = await createPostgresDatabase(nextServer())
      await mkdir(join(source.folder, 'work'), { recursive: true })
      const controller = new AbortController()
      let cancelledAt = 0
      const cancel = () => {
        if (cancelledAt > 0) return
        cancelledAt = performance.now()
        controller.abort()
      }
      const report = (event: ProgressEvent) => {
        if (phase === 'copy' ? isCopying(event) : event.type === 'phase' && event.phase === phase && event.status === 'started') cancel()
      }
      const result = await migrateDatabase(optionsFor(source, target), report, controller.signal)
      expect(result).toMatchObject({ status: 'failed', error: { code: 'CANCELLED' } })
      expectPrompt(phase, cancelledAt)
      await expectAsFound(source, target)
    },
  )

  it('cancelled while the server builds an index: ends promptly, and the server has stopped building', async () => {
    await using source = await createLargeSource(2_000)
    await using target = await createPostgresDatabase(nextServer())
    // Some minutes of work for an index: a function that sleeps and says that it does not.
    const model = await writeHistory(source.folder, slowIndexSql)
    const controller = new AbortController()
    const running = migrateDatabase({ ...optionsFor(source, target), model }, () => undefined, controller.signal)
    const isBuilding = () =>
      withPostgres(target.url, (client) =>
        client.query(
          `SELECT 1 FROM pg_stat_activity WHERE datname = current_database() AND state = 'active' AND pid <> pg_backend_pid()
             AND query LIKE '%CREATE INDEX%slow%'`,
        ),
      )
    await vi.waitFor(async () => expect((await isBuilding()).rowCount).toBe(1), { timeout: 40_000, interval: 20 })
    const cancelledAt = performance.now()
    controller.abort()
    expect(await running).toMatchObject({ status: 'failed', leftover: null, error: { code: 'CANCELLED' } })
    expectPrompt('a running CREATE INDEX', cancelledAt)
    expect((await isBuilding()).rowCount).toBe(0)
    await expectAsFound(source, target)
  })

  it('cancelled while it waits for PostgreSQL: ends promptly, and what is left on the target is said', async () => {
    await using source = await createLargeSource(rows)
    await using target = await createPostgresDatabase(nextServer())
    await using proxy = await createTcpProxy(target.url)
    const options = { ...optionsFor(source, target), targetUrl: proxy.url }
    const controller = new AbortController()
    let cancelledAt = 0
    let gone: Promise<void> | undefined
    const report = (event: ProgressEvent) => {
      if (isCopying(event)) gone ??= proxy.shut()
      if (event.type !== 'phase' || event.status !== 'reconnecting') return
      cancelledAt = performance.now()
      controller.abort()
    }
    const result = await migrateDatabase(options, report, controller.signal)
    await gone
    expect(result).toMatchObject({ status: 'failed', leftover: expect.any(String), error: { code: 'CANCELLED' } })
    expectPrompt('waiting for PostgreSQL', cancelledAt)
    await proxy.open()
    await discardCopy(options, () => undefined, never)
    await expectAsFound(source, target)
  })

  it('PostgreSQL away for longer than the limit in mid-copy: a clear failure, and the app writes on SQLite', async () => {
    await using source = await createLargeSource(rows)
    await using target = await createPostgresDatabase(nextServer())
    await using proxy = await createTcpProxy(target.url)
    const options = { ...optionsFor(source, target), targetUrl: proxy.url, reconnectMs: 1_500 }
    let gone: Promise<void> | undefined
    const events: ProgressEvent[] = []
    const report = (event: ProgressEvent) => {
      events.push(event)
      if (isCopying(event)) gone ??= proxy.shut()
    }
    const startedAt = performance.now()
    const result = await migrateDatabase(options, report, never)
    await gone
    expect(result).toMatchObject({ status: 'failed', leftover: expect.any(String) })
    expect(result.error?.message).toContain('did not come back within 2 seconds')
    expect(events).toContainEqual({ type: 'phase', phase: 'copy', status: 'reconnecting' })
    expect(performance.now() - startedAt).toBeLessThan(40_000)
    // What is left on the target is removed when it can be reached again.
    await proxy.open()
    await discardCopy(options, () => undefined, never)
    await expectAsFound(source, target)
  })

  it('the process killed in mid-copy: recovery empties the target and lets the source write, and a new run succeeds', {
    timeout: killTimeoutMs,
  }, async () => {
    await using source = await createLargeSource(rows)
    await using target = await createPostgresDatabase(nextServer())
    const options = optionsFor(source, target)
    await killInMidCopy(options)
    const db = openSqlite(source.path, { readonly: true })
    expect(readFence(db)?.stage).toBe('moving')
    db.close()
    const state = {
      status: 'migrating',
      jobId: options.jobId,
      target: { sealedUrl: '', label: '' },
      since: new Date().toISOString(),
    } as const
    const recovery = await recoverDatabases(
      { state, sourcePath: source.path, targetUrl: target.url, workDir: options.workDir },
      () => undefined,
      never,
    )
    expect(recovery).toEqual({ outcome: 'on-sqlite' })
    await expectAsFound(source, target)
    await discardCopy(options, () => undefined, never)
    const again = await migrateDatabase({ ...options, jobId: 'again' }, () => undefined, never)
    expect(again.error).toBeUndefined()
    expect(again.rowsCopied).toBe(rows + 100)
  })

  it('the process killed in mid-copy: the next run over the leftover succeeds without recovery', { timeout: killTimeoutMs }, async () => {
    await using source = await createLargeSource(rows)
    await using target = await createPostgresDatabase(nextServer())
    const options = optionsFor(source, target)
    await killInMidCopy(options)
    const again = await migrateDatabase({ ...options, jobId: 'again' }, () => undefined, never)
    expect(again.error).toBeUndefined()
    expect(again.rowsCopied).toBe(rows + 100)
  })
})

describe('a full disk', () => {
  const [server] = inject('postgresServers')

  // Mounting needs root. PostgreSQL's own files stay where they are: only the database lies on the small disk.
  it.runIf(process.getuid?.() === 0)('under the target: named, the target emptied, the app writing', async () => {
    if (!server) throw new Error('no server')
    await using source = await createLargeSource(rows)
    await using disk = await createTemporaryFolder('small-disk')
    execFileSync('chmod', ['711', disk.path])
    const place = join(disk.path, 'tablespace')
    const unmount = await mountSmallDisk(place, 16)
    const name = `small_${process.pid}`
    try {
      await withPostgres(server.url, async (client) => {
        await client.query(`CREATE TABLESPACE ${name} LOCATION '${place}'`)
        await client.query(`CREATE DATABASE ${name} TEMPLATE template0 TABLESPACE ${name}`)
      })
      const target = { name, url: databaseUrl(server.url, name) }
      const result = await migrateDatabase(optionsFor(source, target), () => undefined, never)
      expect(result).toMatchObject({ status: 'failed', leftover: null, error: { code: 'TARGET_DISK_FULL' } })
      expect(result.error?.hint).toContain('Free space')
      await expectAsFound(source, target)
    } finally {
      await withPostgres(server.url, async (client) => {
        await client.query(`DROP DATABASE IF EXISTS ${name} WITH (FORCE)`)
        await client.query(`DROP TABLESPACE IF EXISTS ${name}`)
      })
      unmount()
    }
  })

  it('as PostgreSQL reports it in mid-copy, with no disk to fill: named, the target emptied, the app writing', async () => {
    if (!server) throw new Error('no server')
    await using source = await createLargeSource(rows)
    await using target = await createPostgresDatabase(server)
    let arming: Promise<unknown> | undefined
    const report = (event: ProgressEvent) => {
      if (event.type === 'phase' && event.phase === 'schema' && event.status === 'succeeded')
        arming ??= withPostgres(target.url, (client) => client.query(refuseLastRowSql))
    }
    const result = await migrateDatabase({ ...optionsFor(source, target), chunkRows: 500 }, report, never)
    await arming
    expect(result).toMatchObject({
      status: 'failed',
      leftover: null,
      error: { code: 'TARGET_DISK_FULL', hint: expect.stringContaining('Free space') },
    })
    await withPostgres(target.url, (client) => client.query('DROP FUNCTION full_disk'))
    await expectAsFound(source, target)
  })

  // Mounting needs root; elsewhere the same code is reached by the check before the copy.
  it.runIf(process.getuid?.() === 0)('under the safety copy: named, and nothing is left', async () => {
    if (!server) throw new Error('no server')
    await using source = await createLargeSource(rows)
    await using target = await createPostgresDatabase(server)
    const options = optionsFor(source, target)
    await mkdir(options.workDir)
    execFileSync('mount', ['-t', 'tmpfs', '-o', 'size=60m', 'tmpfs', options.workDir])
    try {
      // Full only now: the check before it saw room, and the copy finds out in its middle.
      const report = (event: ProgressEvent) => {
        if (event.type === 'phase' && event.phase === 'safety-copy' && event.status === 'started')
          writeFileSync(join(options.workDir, 'other'), Buffer.alloc(50 * 1048576))
      }
      const result = await migrateDatabase(options, report, never)
      expect(result).toMatchObject({ status: 'failed', error: { code: 'LOCAL_DISK_FULL' } })
      expect(result.error?.hint).toContain('DATA_DIR')
      expect(await readdir(options.workDir)).toEqual(['other'])
    } finally {
      execFileSync('umount', [options.workDir])
    }
    await expectAsFound(source, target)
  })
})

/** A second on a quiet machine; other tests share this one. */
function expectPrompt(during: string, cancelledAt: number): void {
  const tookMs = performance.now() - cancelledAt
  console.log(`cancelled in ${during}: ${Math.round(tookMs)} ms`)
  expect(tookMs).toBeLessThan(3_000)
}

const tablesSql = `CREATE TABLE "parent" ("id" INTEGER PRIMARY KEY, "name" TEXT NOT NULL UNIQUE);
CREATE TABLE "item" ("id" SERIAL PRIMARY KEY, "parent" INTEGER NOT NULL REFERENCES "parent"("id"), "body" TEXT, "made" TIMESTAMP(3));`
/** The last row is copied last: there is time enough to put this in its way. */
const refuseLastRowSql = `
CREATE FUNCTION full_disk() RETURNS trigger LANGUAGE plpgsql AS 'BEGIN RAISE EXCEPTION ''could not extend file'' USING ERRCODE = ''disk_full''; END';
CREATE TRIGGER full_disk BEFORE INSERT ON "item" FOR EACH ROW WHEN (NEW."id" = ${rows}) EXECUTE FUNCTION full_disk();`
const slowIndexSql = `${tablesSql}
CREATE FUNCTION slow(v integer) RETURNS integer IMMUTABLE LANGUAGE sql AS 'SELECT v + length(pg_sleep(0.1)::text)';
CREATE INDEX slow_index ON "item" (slow("id"));`
/** A history of one schema migration for the tables of `createLargeSource`. */
async function writeHistory(folder: string, sql: string): Promise<SchemaModel> {
  const history = join(folder, 'history')
  await mkdir(join(history, '20240101000000_first'), { recursive: true })
  await writeFile(join(history, 'migration_lock.toml'), 'provider = "postgresql"\n')
  await writeFile(join(history, '20240101000000_first', 'migration.sql'), sql)
  return { kind: 'history', folder: history }
}

/** Starts the migration in a process of its own and kills it, with no chance to clean up, when rows are on their way. */
async function killInMidCopy(options: MigrateOptions): Promise<void> {
  const child = spawn(process.execPath, [...programArguments('lib/migration/testing/migrate-in-child.ts'), JSON.stringify(options)], {
    cwd: join(import.meta.dirname, '../..'),
    stdio: ['ignore', 'pipe', 'inherit'],
  })
  const exited = once(child, 'exit')
  for await (const line of createInterface({ input: child.stdout })) {
    const event = JSON.parse(line) as ProgressEvent
    if (event.type === 'progress' && isCopying(event)) child.kill('SIGKILL')
  }
  const [, signal] = await exited
  expect(signal).toBe('SIGKILL')
}
