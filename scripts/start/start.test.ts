import { spawnSync } from 'node:child_process'
import { writeFileSync } from 'node:fs'
import { mkdtemp, readFile, rm, writeFile } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { afterEach, beforeEach, describe, expect, it, vi } from 'vitest'
import { type Environment, parseEnvironment } from '@/lib/config/environment'
import { initialiseActiveDatabase, transitionActiveDatabase } from '@/lib/control/active-database'
import { type ControlStore, openControlStore } from '@/lib/control/control-store'
import { readUnsettled, withExclusive } from '@/lib/control/exclusive'
import { databasesLease, type Lease, renewLease } from '@/lib/control/lease'
import { describeHost, registerWorker } from '@/lib/control/workers'
import { checkAgainstRecord } from '@/lib/database/check-against-record'
import { leaseHolderOf } from '@/lib/jobs/interruption'
import { claimJob, enqueueJob } from '@/lib/jobs/job-queue'
import { sealTarget } from '@/lib/jobs/sealed-target'
import { raiseFence } from '@/lib/sqlite/fence'
import { openSqlite } from '@/lib/sqlite/open-database'
import { prepareStart } from './prepare'
import { settleDatabases } from './settle'
import { supervise } from './supervisor'

const root = join(import.meta.dirname, '../..')
const secret = 'a secret of at least thirty-two characters'
const recordedUrl = 'postgresql://app:hunter2@db:5432/app'
const target = sealTarget(recordedUrl, true, secret)
const onPostgres = { status: 'on-postgresql', jobId: 'j', target, since: '2030-01-01T00:00:00.000Z' } as const

let folder: string
beforeEach(async () => {
  folder = await mkdtemp(join(tmpdir(), 'bascule-start-'))
})
afterEach(() => rm(folder, { recursive: true, force: true }))

describe('preparing', () => {
  it('makes the database of a fresh installation, says so, and finds nothing to do the second time', async () => {
    const first: string[] = []
    await prepareStart(environmentOf(), root, (line) => first.push(line))
    expect(first.join('\n')).toMatch(/SQLite.*app\.db[\s\S]*Applied \d+ schema migration/)
    const second: string[] = []
    await prepareStart(environmentOf(), root, (line) => second.push(line))
    expect(second.join('\n')).toContain('up to date')
  })

  it('refuses to begin with an empty file where the app’s data was', async () => {
    const control = await openControlStore(join(folder, 'control.db'))
    await initialiseActiveDatabase(control, onPostgres, 'test')
    await transitionActiveDatabase(control, { from: 1, to: { status: 'on-sqlite' }, actor: 'rolled back' })
    await control.close()
    await expect(prepareStart(environmentOf(), root, () => undefined)).rejects.toMatchObject({
      code: 'CONFIG_INVALID',
      message: expect.stringContaining('no file'),
    })
  })

  it('refuses a TARGET_DATABASE_URL that cannot be used, without its password', async () => {
    const environment = environmentOf({ TARGET_DATABASE_URL: 'postgresql://app:hunter2@db/app?sslcert=/etc/passwd' })
    await expect(prepareStart(environment, root, () => undefined)).rejects.toMatchObject({
      code: 'CONFIG_INVALID',
      message: expect.not.stringContaining('hunter2'),
    })
  })

  it('takes DATABASE_URL only where it cannot split the data', () => {
    const sqlite = { engine: 'sqlite', path: '/app.db' } as const
    const postgres = (url: string) => ({ engine: 'postgresql', url }) as const
    const open = () => recordedUrl
    expect(() => checkAgainstRecord(sqlite, { status: 'on-sqlite' }, open)).not.toThrow()
    expect(() => checkAgainstRecord(sqlite, onPostgres, open)).not.toThrow()
    expect(() => checkAgainstRecord(postgres('postgresql://other:password@db/app'), onPostgres, open)).not.toThrow()
    const refused = expect.objectContaining({ code: 'CONFIG_INVALID', message: expect.stringContaining('split the data') })
    expect(() => checkAgainstRecord(postgres('postgresql://app:x@db:5432/other'), onPostgres, open)).toThrow(refused)
    expect(() => checkAgainstRecord(postgres(recordedUrl), { status: 'on-sqlite' }, open)).toThrow(refused)
  })
})

describe('settling after a worker that was killed', () => {
  it('frees the app from the switch it was in, at once and without another worker, and leaves alone what nobody waits for', async () => {
    const control = await openControlStore(join(folder, 'control.db'))
    try {
      const settle = () => settleDatabases(environmentOf(), () => undefined)
      await initialiseActiveDatabase(control, { status: 'on-sqlite' }, 'test')
      expect(await settle()).toBe(false)
      // Killed between the flip back and the end of SQLite's fence.
      const path = join(folder, 'app.db')
      writeFileSync(path, '')
      const file = openSqlite(path)
      file.exec('CREATE TABLE t (id INTEGER PRIMARY KEY)')
      raiseFence(file, 'on its way back', 'returning')
      const [job, lease] = await killedInRollback(control)
      expect(await settle()).toBe(true)
      file.exec('INSERT INTO t VALUES (1)')
      file.close()
      expect((await control.read.job.findUniqueOrThrow({ where: { id: job } })).status).toBe('interrupted')
      expect(await readUnsettled(control)).toBeNull()
      await expect(renewLease(control, lease)).rejects.toMatchObject({ code: 'LEASE_LOST' })
    } finally {
      await control.close()
    }
  })
})

/** As a worker leaves it that was killed: a running job of a process that is gone, its lease, and the mark. */
async function killedInRollback(control: ControlStore): Promise<readonly [string, Lease]> {
  const { pid } = spawnSync(process.execPath, ['--version'])
  const worker = { id: 'killed', host: describeHost(), pid, version: '0' }
  await registerWorker(control, worker)
  const { id } = await enqueueJob(control, { kind: 'rollback', payload: {}, requestedBy: 'test' })
  await claimJob(control, worker.id)
  const never = new Promise<never>(() => undefined)
  return new Promise((resolve) => {
    const request = { name: databasesLease, holder: leaseHolderOf(worker.id), purpose: 'rollback', ttlMs: 600_000 }
    void withExclusive(control, request, new AbortController().signal, (_signal, lease) => {
      resolve([id, lease])
      return never
    })
  })
}

describe('keeping programs running', () => {
  it('starts again what ends in any way, passes the end on, and leaves nothing behind', async () => {
    const pids = join(folder, 'pids')
    const script = join(folder, 'program.mjs')
    // The program notes its number, starts a child that would live for ever, and ends: well, badly, by a signal, then not at all.
    await writeFile(
      script,
      `import { appendFileSync, readFileSync } from 'node:fs'
       import { spawn } from 'node:child_process'
       const child = spawn(process.execPath, ['-e', 'setInterval(() => {}, 1000)'], { stdio: 'ignore' })
       appendFileSync(${JSON.stringify(pids)}, process.pid + ' ' + child.pid + '\\n')
       console.log('started')
       const turn = readFileSync(${JSON.stringify(pids)}, 'utf8').trim().split('\\n').length
       if (turn === 1) process.exit(0)
       if (turn === 2) process.exit(7)
       if (turn === 3) process.kill(process.pid, 'SIGKILL')`,
    )
    const lines: string[] = []
    const stop = new AbortController()
    const options = { cwd: folder, write: (line: string) => lines.push(line), firstPauseMs: 10 }
    const running = supervise([{ name: 'program', args: [script], env: process.env }], options, stop.signal)
    const startsOf = async () => (await readFile(pids, 'utf8').catch(() => '')).split('\n').filter((line) => line !== '')
    await vi.waitFor(async () => expect(await startsOf()).toHaveLength(4), { timeout: 30_000 })
    stop.abort()
    await running
    expect(lines.filter((line) => line === '[program] started').length).toBeGreaterThanOrEqual(3)
    expect(lines.filter((line) => line.startsWith('[start]')).map((line) => /\((.*)\)/.exec(line)?.[1])).toEqual([
      'status 0',
      'status 7',
      'SIGKILL',
    ])
    const all = (await startsOf()).flatMap((line) => line.split(' ').map(Number))
    await vi.waitFor(() => expect(all.filter(isAlive)).toEqual([]), { timeout: 5_000 })
  })
})

function environmentOf(extra: Readonly<Record<string, string>> = {}): Environment {
  const variables = {
    DATABASE_URL: `file:${join(folder, 'app.db')}`,
    CONTROL_DATABASE_URL: `file:${join(folder, 'control.db')}`,
    CV_ENCRYPTION_KEY: 'k'.repeat(32),
    NEXTAUTH_SECRET: secret,
    NEXT_PUBLIC_SITE_URL: 'http://localhost:3000',
  }
  return parseEnvironment({ ...variables, ...extra }, folder)
}

function isAlive(pid: number): boolean {
  try {
    process.kill(pid, 0)
    return true
  } catch {
    return false
  }
}
