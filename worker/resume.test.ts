import { type ChildProcess, spawn } from 'node:child_process'
import { once } from 'node:events'
import { readdir } from 'node:fs/promises'
import { join } from 'node:path'
import Database from 'better-sqlite3'
import { afterEach, describe, expect, inject, it, vi } from 'vitest'
import { initialiseActiveDatabase, readActiveDatabase } from '@/lib/control/active-database'
import { type ControlStore, openControlStore } from '@/lib/control/control-store'
import { readEvents } from '@/lib/jobs/job-events'
import { cancelJob, enqueueJob, getJob } from '@/lib/jobs/job-queue'
import { sealTarget } from '@/lib/jobs/sealed-target'
import { readFence } from '@/lib/sqlite/fence'
import { createPostgresDatabase, type TestPostgresDatabase, withPostgres } from '@/tests/support/postgres-databases'
import { programArguments } from '@/tests/support/program-arguments'
import { createCvsiteDatabase, type TestSqliteDatabase } from '@/tests/support/sqlite-databases'

const root = join(import.meta.dirname, '..')
const secret = 'a secret of at least thirty-two characters'
const rows = 260_000
const requestedBy = 'admin@example.org'
const [server] = inject('postgresServers')
const workers = new Set<ChildProcess>()

afterEach(() => {
  for (const worker of workers) worker.kill('SIGKILL')
})

describe('the worker, killed in the middle of a migration', () => {
  it('takes the same job up again when it is back, goes on from the last committed chunk, and ends ready to switch', {
    timeout: 240_000,
  }, async () => {
    await using source = await createSource()
    await using target = await createTarget()
    const { store, id } = await enqueueMigration(source, target)
    try {
      const first = startWorker(source)
      await untilRowsCopied(target)
      await kill(first)
      expect(fenceOf(source)).toBe('moving')
      const second = startWorker(source)
      await vi.waitFor(async () => expect((await getJob(store, id)).status).toBe('succeeded'), { timeout: 120_000, interval: 100 })
      const job = await getJob(store, id)
      expect(job).toMatchObject({ attempt: 2, error: null, result: { status: 'succeeded', rowsResumed: expect.any(Number) } })
      expect((job.result as { rowsResumed: number }).rowsResumed).toBeGreaterThan(0)
      expect((await readActiveDatabase(store)).state).toMatchObject({ status: 'ready-to-switch', jobId: id })
      const events = await readEvents(store, id, 0, 10_000)
      expect(events.map(({ event }) => (event.type === 'status' ? event.status : null)).filter(Boolean)).toEqual([
        'queued',
        'running',
        'interrupted',
        'running',
        'succeeded',
      ])
      expect(events.some(({ event }) => event.type === 'log' && /^Resumed at \d+ rows/.test(event.message))).toBe(true)
      const count = await withPostgres(target.url, (client) =>
        client.query('SELECT count(*)::int AS n, count(DISTINCT id)::int AS ids, sum("totalBytes")::text AS sum FROM "TelemetryEvent"'),
      )
      expect(count.rows).toEqual([{ n: rows, ids: rows, sum: String((rows * (rows + 1)) / 2) }])
      expect(await leftIn(source)).toEqual([`safety-copy-${id}.db`])
      second.kill('SIGTERM')
      await once(second, 'exit')
    } finally {
      await store.close()
    }
  })

  it('undoes it instead when somebody wished to cancel: the target empty, the app writing', { timeout: 240_000 }, async () => {
    await using source = await createSource()
    await using target = await createTarget()
    const { store, id } = await enqueueMigration(source, target)
    try {
      const first = startWorker(source)
      await untilRowsCopied(target)
      first.kill('SIGSTOP')
      await cancelJob(store, id, requestedBy)
      await kill(first)
      startWorker(source)
      await vi.waitFor(async () => expect((await readActiveDatabase(store)).state).toEqual({ status: 'on-sqlite' }), {
        timeout: 60_000,
        interval: 100,
      })
      expect((await getJob(store, id)).status).toBe('interrupted')
      expect(fenceOf(source)).toBeNull()
      const left = await withPostgres(target.url, (client) =>
        client.query(`SELECT 1 FROM pg_namespace WHERE nspname = 'bascule' UNION ALL SELECT 1 FROM pg_tables WHERE schemaname = 'public'`),
      )
      expect(left.rowCount).toBe(0)
      expect(await leftIn(source)).toEqual([])
    } finally {
      await store.close()
    }
  })
})

async function createSource(): Promise<TestSqliteDatabase> {
  const source = await createCvsiteDatabase()
  const db = new Database(source.path)
  db.exec(`WITH RECURSIVE n(i) AS (SELECT 1 UNION ALL SELECT i + 1 FROM n WHERE i < ${rows})
    INSERT INTO TelemetryEvent (id, sessionId, type, totalBytes, timestamp) SELECT i, 's' || i % 100, 'view', i, '2026-01-02T03:04:05.678+00:00' FROM n`)
  db.close()
  return source
}

function createTarget(): Promise<TestPostgresDatabase> {
  if (!server) throw new Error('no server')
  return createPostgresDatabase(server)
}

async function enqueueMigration(source: TestSqliteDatabase, target: TestPostgresDatabase): Promise<{ store: ControlStore; id: string }> {
  const store = await openControlStore(join(source.folder, 'control.db'))
  await initialiseActiveDatabase(store, { status: 'on-sqlite' }, 'test')
  const payload = { target: sealTarget(target.url, true, secret), setAside: false, choices: [] }
  return { store, id: (await enqueueJob(store, { kind: 'migrate', payload, requestedBy })).id }
}

function startWorker(source: TestSqliteDatabase): ChildProcess {
  const environment = {
    ...process.env,
    DATABASE_URL: `file:${source.path}`,
    CONTROL_DATABASE_URL: `file:${join(source.folder, 'control.db')}`,
    DATA_DIR: join(source.folder, 'data'),
    CV_DATA_DIR: join(source.folder, 'cv_data'),
    CV_ENCRYPTION_KEY: Buffer.alloc(32, 7).toString('base64'),
    NEXTAUTH_SECRET: secret,
    NEXT_PUBLIC_SITE_URL: 'http://127.0.0.1:3999',
    LOG_LEVEL: 'fatal',
  }
  const worker = spawn(process.execPath, [...programArguments('worker/main.ts')], {
    cwd: root,
    env: environment,
    stdio: ['ignore', 'ignore', 'inherit'],
  })
  workers.add(worker)
  worker.once('exit', () => workers.delete(worker))
  return worker
}

async function kill(worker: ChildProcess): Promise<void> {
  const exited = once(worker, 'exit')
  worker.kill('SIGKILL')
  await exited
}

async function untilRowsCopied(target: TestPostgresDatabase): Promise<void> {
  await withPostgres(target.url, (client) =>
    vi.waitFor(
      async () => {
        const { rows: found } = await client.query('SELECT 1 FROM bascule.chunk WHERE rows > 0')
        expect(found).not.toEqual([])
      },
      { timeout: 90_000, interval: 5 },
    ),
  )
}

/** What is in the data folder beside the worker's own log. */
async function leftIn(source: TestSqliteDatabase): Promise<readonly string[]> {
  return (await readdir(join(source.folder, 'data'))).filter((name) => name !== 'logs')
}

function fenceOf(source: TestSqliteDatabase): string | null {
  const db = new Database(source.path, { readonly: true })
  try {
    return readFence(db)?.stage ?? null
  } finally {
    db.close()
  }
}
