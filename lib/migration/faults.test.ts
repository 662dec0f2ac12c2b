import { execFileSync, spawn } from 'node:child_process'
import { once } from 'node:events'
import { mkdir, readdir } from 'node:fs/promises'
import { join } from 'node:path'
import { createInterface } from 'node:readline'
import { describe, expect, inject, it } from 'vitest'
import type { ProgressEvent } from '@/lib/core/progress'
import { readFence } from '@/lib/sqlite/fence'
import { openSqlite } from '@/lib/sqlite/open-database'
import { createPostgresDatabase, type TestPostgresDatabase, withPostgres } from '@/tests/support/postgres-databases'
import type { TestSqliteDatabase } from '@/tests/support/sqlite-databases'
import { discardCopy } from './discard-copy'
import { type MigrateOptions, migrateDatabase } from './migrate-database'
import { recoverDatabases } from './recover'
import { createLargeSource } from './testing/large-source'
import { createTcpProxy } from './testing/tcp-proxy'

const never = new AbortController().signal
// Two migrations and two processes in one test, on a machine that other tests share.
const killTimeoutMs = 180_000
const rows = 60_000

function optionsFor(source: TestSqliteDatabase, target: TestPostgresDatabase): MigrateOptions {
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

async function expectAsFound(source: TestSqliteDatabase, target: TestPostgresDatabase): Promise<void> {
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

describe.each([...inject('postgresServers')])('faults on $name', (server) => {
  it.each(['checks', 'safety-copy', 'schema', 'copy', 'structure', 'counts'])(
    'cancelled in %s: ends promptly, and all is as found',
    async (phase) => {
      await using source = await createLargeSource(rows)
      await using target = await createPostgresDatabase(server)
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
      // A second on a quiet machine; other tests share this one.
      expect(performance.now() - cancelledAt).toBeLessThan(5_000)
      await expectAsFound(source, target)
    },
  )

  it('PostgreSQL away for longer than the limit in mid-copy: a clear failure, and the app writes on SQLite', async () => {
    await using source = await createLargeSource(rows)
    await using target = await createPostgresDatabase(server)
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
    await using target = await createPostgresDatabase(server)
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
    await using target = await createPostgresDatabase(server)
    const options = optionsFor(source, target)
    await killInMidCopy(options)
    const again = await migrateDatabase({ ...options, jobId: 'again' }, () => undefined, never)
    expect(again.error).toBeUndefined()
    expect(again.rowsCopied).toBe(rows + 100)
  })
})

describe('a full disk', () => {
  const [server] = inject('postgresServers')

  // Mounting needs root; elsewhere the same code is reached by the check before the copy.
  it.runIf(process.getuid?.() === 0)('under the safety copy: named, and nothing is left', async () => {
    if (!server) throw new Error('no server')
    await using source = await createLargeSource(rows)
    await using target = await createPostgresDatabase(server)
    const options = optionsFor(source, target)
    await mkdir(options.workDir)
    execFileSync('mount', ['-t', 'tmpfs', '-o', 'size=60m', 'tmpfs', options.workDir])
    try {
      // Fills while the copy is being written: the check before it still saw room.
      const { writeFile } = await import('node:fs/promises')
      const report = (event: ProgressEvent) => {
        if (event.type === 'phase' && event.phase === 'safety-copy' && event.status === 'started')
          filled ??= writeFile(join(options.workDir, 'other'), Buffer.alloc(50 * 1048576))
      }
      let filled: Promise<void> | undefined
      const result = await migrateDatabase(options, report, never)
      await filled
      expect(result).toMatchObject({ status: 'failed', error: { code: 'LOCAL_DISK_FULL' } })
      expect(result.error?.hint).toContain('DATA_DIR')
      expect(await readdir(options.workDir)).toEqual(['other'])
    } finally {
      execFileSync('umount', [options.workDir])
    }
    await expectAsFound(source, target)
  })
})

/** Starts the migration in a process of its own and kills it, with no chance to clean up, when rows are on their way. */
async function killInMidCopy(options: MigrateOptions): Promise<void> {
  const script = join(import.meta.dirname, 'testing/migrate-in-child.ts')
  const child = spawn(process.execPath, ['--import', 'tsx', script, JSON.stringify(options)], {
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
