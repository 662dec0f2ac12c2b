import { spawn, spawnSync } from 'node:child_process'
import { once } from 'node:events'
import { mkdir, readdir, readFile, rm, writeFile } from 'node:fs/promises'
import { join } from 'node:path'
import { afterAll, afterEach, beforeAll, beforeEach, describe, expect, it } from 'vitest'
import { type ControlStore, openControlStore } from '@/lib/control/control-store'
import { breakLease } from '@/lib/control/lease'
import type { Clock } from '@/lib/core/clock'
import { AppError } from '@/lib/core/errors'
import type { ProgressEvent } from '@/lib/core/progress'
import { openSqlite } from '@/lib/sqlite/open-database'
import { createTestBackupSetup, insertCvsIntoSqlite, writeCvs } from '@/tests/support/backup-source'
import { programArguments } from '@/tests/support/program-arguments'
import { startS3Server, type TestS3Server, testAccessKey, testBucket } from '@/tests/support/s3/s3-server'
import {
  createCvsiteDatabase,
  createTemporaryFolder,
  type TemporaryFolder,
  type TestSqliteDatabase,
} from '@/tests/support/sqlite-databases'
import { getBackup, listBackups } from '../backup-catalogue'
import { couldRecover } from '../could-recover'
import { noKeys } from '../encryption'
import { type BackupSetup, deleteBackup, type MakeBackupOptions, makeBackup } from '../make-backup'
import { pruneBackups, saveRetention } from '../prune-backups'
import { restoreBackup } from '../restore-backup'
import { sweepUploadsAtStart } from '../sweep-at-start'
import { trialBackup } from '../trial-backup'
import { copyBackup } from './copy-backup'
import type { DestinationInput } from './destination'
import { getDestination, listDestinations, removeDestination, saveDestination } from './destination-store'
import { pruneCopies } from './prune-copies'

const never = new AbortController().signal
const ignore = () => undefined

let shelf: TemporaryFolder
let server: TestS3Server
let database: TestSqliteDatabase
let store: ControlStore
let setup: BackupSetup
let now: Date
const clock: Clock = { now: () => now }

beforeAll(async () => {
  shelf = await createTemporaryFolder('copies')
  server = await startS3Server(join(shelf.path, 's3'))
})
afterAll(async () => {
  await server.close()
  await shelf[Symbol.asyncDispose]()
})
beforeEach(async () => {
  server.fault = null
  now = new Date()
  database = await createCvsiteDatabase()
  store = await openControlStore(join(database.folder, 'control.db'), { clock })
  setup = createTestBackupSetup(database.folder, store, database.path)
  insertCvsIntoSqlite(database.path, await writeCvs(setup.files.folder, 3))
})
afterEach(async () => {
  await store.close()
  await database.remove()
})

let counter = 0
async function addS3(changes: Partial<DestinationInput> = {}): Promise<{ id: string; prefix: string }> {
  counter += 1
  const prefix = `copies/${counter}`
  const { id } = await saveDestination(
    setup,
    null,
    {
      name: `bucket ${counter}`,
      enabled: true,
      retention: null,
      place: {
        kind: 's3',
        endpoint: server.url,
        region: 'eu-west-3',
        bucket: testBucket,
        prefix,
        pathStyle: true,
        accessKeyId: testAccessKey.accessKeyId,
      },
      secretAccessKey: testAccessKey.secretAccessKey,
      ...changes,
    },
    'admin',
  )
  return { id, prefix }
}
async function addFolder(exists = true): Promise<{ id: string; path: string }> {
  const path = join(database.folder, `other-disk-${counter++}`)
  if (exists) await mkdir(path)
  const input = { name: path.slice(-20), enabled: true, retention: null, place: { kind: 'folder', path }, secretAccessKey: null } as const
  return { id: (await saveDestination(setup, null, input, 'admin')).id, path }
}

const make = (options: Partial<MakeBackupOptions> = {}, report: (event: ProgressEvent) => void = ignore, signal = never) =>
  makeBackup(setup, { origin: 'manual', requestedBy: 'admin', jobId: null, holder: 'test', ...options }, report, signal)
const objects = async (prefix: string) =>
  (await readdir(join(server.folder, prefix)).catch(() => []))
    .filter((name) => name.endsWith('_object'))
    .map((name) => name.replace(/\._S3rver_object$/, ''))
const statuses = (backup: { copies: readonly { status: string }[] }) => backup.copies.map(({ status }) => status)

describe('a backup with destinations', () => {
  it('is copied to each after its trial, and says where it is', async () => {
    const bucket = await addS3()
    const disk = await addFolder()
    const events: ProgressEvent[] = []
    const backup = await make({}, (event) => events.push(event))
    expect(backup.trial?.status).toBe('passed')
    expect(backup.copies).toHaveLength(2)
    for (const copy of backup.copies) expect(copy).toMatchObject({ status: 'uploaded', sizeBytes: backup.sizeBytes, error: null })
    expect([await objects(bucket.prefix), await readdir(disk.path)]).toEqual([[backup.fileName], [backup.fileName]])
    const mine = await readFile(join(setup.folder, backup.fileName ?? ''))
    expect((await readFile(join(disk.path, backup.fileName ?? ''))).equals(mine)).toBe(true)
    expect(events[0]).toMatchObject({ type: 'plan', phases: ['snapshot', 'stored-files', 'archive', 'trial', 'copies'] })
    expect(events).toContainEqual(
      expect.objectContaining({ type: 'phase', phase: 'copies', status: 'succeeded', facts: { uploaded: 2, failed: 0 } }),
    )
  })

  it('one destination that fails spoils nothing for the other, is said, and is made good later', async () => {
    const disk = await addFolder(false)
    const bucket = await addS3()
    const backup = await make()
    expect(backup).toMatchObject({ status: 'written', trial: { status: 'passed' } })
    expect(backup.copies.find(({ destinationId }) => destinationId === disk.id)).toMatchObject({
      status: 'failed',
      error: { code: 'DESTINATION_FAILED', message: expect.stringContaining('folder') },
    })
    expect(backup.copies.find(({ destinationId }) => destinationId === bucket.id)).toMatchObject({ status: 'uploaded' })
    await mkdir(disk.path)
    const from = server.requests.length
    expect(await copyBackup(setup, backup.id, null, 'admin', ignore, never)).toEqual([expect.objectContaining({ status: 'uploaded' })])
    expect(statuses(await getBackup(setup, backup.id))).toEqual(['uploaded', 'uploaded'])
    // The one that has it already was not asked.
    expect(server.requests.length).toBe(from)
  })

  it('a cancel while it is copied keeps the backup and the copies that are whole, and no half one', async () => {
    const first = await addFolder()
    const second = await addS3()
    const stop = new AbortController()
    server.fault = () => {
      stop.abort(new AppError({ code: 'CANCELLED', message: 'cancelled' }))
      return null
    }
    await expect(make({}, ignore, stop.signal)).rejects.toMatchObject({ code: 'CANCELLED' })
    server.fault = null
    const [backup] = await listBackups(setup)
    expect(backup).toMatchObject({
      status: 'written',
      trial: { status: 'passed' },
      copies: [{ destinationId: first.id, status: 'uploaded' }],
    })
    expect([await objects(second.prefix), await server.uploads()]).toEqual([[], []])
  })

  it('goes only where it was sent, and a disabled destination is passed over', async () => {
    const wanted = await addFolder()
    await addS3()
    expect((await make({ copyTo: [wanted.id] })).copies.map(({ destinationId }) => destinationId)).toEqual([wanted.id])
    expect((await make({ copyTo: [] })).copies).toEqual([])
    await expect(make({ copyTo: ['none-such'] })).rejects.toMatchObject({ code: 'INVALID_INPUT' })
  })

  it.each(['the next backup', 'the start of a worker'])(
    'SIGKILL in the upload: nothing half is listed, and %s clears it away',
    async (who) => {
      const { id, prefix } = await addS3()
      const killed = spawnSync(
        process.execPath,
        [...programArguments('lib/backup/testing/killed-in-copy.ts'), database.folder, database.path],
        {
          cwd: join(import.meta.dirname, '../../..'),
          encoding: 'utf8',
        },
      )
      expect([killed.signal, killed.stderr]).toEqual(['SIGKILL', killed.stderr])
      const [half] = await listBackups(setup)
      expect(half).toMatchObject({ status: 'written', present: true, copies: [{ destinationId: id, status: 'uploading' }] })
      expect(await sweepUploadsAtStart(setup, 'test', never)).toBe(0)
      await breakLease(store, 'backups', 'killed process')
      if (who === 'the start of a worker') {
        expect(await sweepUploadsAtStart(setup, 'test', never)).toBe(1)
        expect([(await getBackup(setup, half?.id ?? '')).copies, await server.uploads(), await objects(prefix)]).toEqual([[], [], []])
        return
      }
      const next = await make()
      expect([(await getBackup(setup, half?.id ?? '')).copies, await server.uploads()]).toEqual([[], []])
      expect(await objects(prefix)).toEqual([next.fileName])
    },
  )
})

describe('an upload of many parts', () => {
  it('SIGKILL in a later part: no object is there, and its parts are given up by name', async () => {
    const { id, prefix } = await addS3()
    const db = openSqlite(database.path)
    db.exec('CREATE TABLE noise (body BLOB)')
    // Random bytes do not compress: three parts of 8 MiB.
    for (let index = 0; index < 18; index += 1) db.prepare('INSERT INTO noise VALUES (randomblob(1048576))').run()
    db.close()
    const child = spawn(
      process.execPath,
      [...programArguments('lib/backup/testing/killed-in-copy.ts'), database.folder, database.path, 'wait'],
      {
        cwd: join(import.meta.dirname, '../../..'),
        stdio: 'ignore',
      },
    )
    const parts: string[] = []
    server.fault = ({ method, url }) => {
      const part = method === 'PUT' ? new URL(url ?? '', 'http://s3').searchParams.get('partNumber') : null
      if (part !== null) parts.push(part)
      if (part === '3') child.kill('SIGKILL')
      return null
    }
    const [, signal] = await once(child, 'close')
    server.fault = null
    expect([signal, parts]).toEqual(['SIGKILL', expect.arrayContaining(['1', '2', '3'])])
    expect(await server.uploads()).toHaveLength(1)
    const [half] = await listBackups(setup)
    expect(half).toMatchObject({ status: 'written', present: true, copies: [{ destinationId: id, status: 'uploading' }] })
    await breakLease(store, 'backups', 'killed process')
    expect(await sweepUploadsAtStart(setup, 'test', never)).toBe(1)
    expect([await server.uploads(), await objects(prefix)]).toEqual([[], []])
  }, 180_000)
})

describe('a copy stands in when the archive is gone from this machine', () => {
  it('is tried and restored from S3, and "could I recover?" counts it', async () => {
    await addS3()
    const backup = await make()
    await rm(join(setup.folder, backup.fileName ?? ''))
    const db = openSqlite(database.path)
    db.prepare('DELETE FROM "CvFile"').run()
    db.close()
    const gone = await getBackup(setup, backup.id)
    expect([gone.present, couldRecover([gone], new Date()).state]).toEqual([false, 'yes'])
    expect((await trialBackup(setup, { id: backup.id, keys: noKeys, holder: 'test' }, ignore, never)).trial).toMatchObject({
      status: 'passed',
    })
    await restoreBackup(setup, { id: backup.id, parts: 'all', requestedBy: 'admin', jobId: null, holder: 'test' }, ignore, never)
    const restored = openSqlite(database.path, { readonly: true })
    expect(restored.prepare('SELECT count(*) FROM "CvFile"').pluck().get()).toBe(3)
    restored.close()
    // A process of its own and two backups: on a busy machine that takes its time.
  }, 180_000)

  it.each(['a flipped bit', 'a lost end', 'pieces in another order'])(
    '%s at the destination is found when the copy is tried',
    async (what) => {
      const { id, prefix } = await addS3()
      const backup = await make()
      const path = join(server.folder, prefix, `${backup.fileName}._S3rver_object`)
      const whole = await readFile(path)
      const half = whole.length >> 1
      if (what === 'a flipped bit') whole.writeUInt8(whole.readUInt8(half) ^ 1, half)
      const altered = {
        'a flipped bit': whole,
        'a lost end': whole.subarray(0, whole.length - 50),
        'pieces in another order': Buffer.concat([whole.subarray(0, 100), whole.subarray(half), whole.subarray(100, half)]),
      }[what]
      await writeFile(path, altered ?? '')
      const tried = await trialBackup(setup, { id: backup.id, keys: noKeys, holder: 'test', from: id }, ignore, never)
      expect(tried.trial).toMatchObject({ status: 'failed', problem: expect.stringContaining('damaged') })
      // The archive itself is as good as it was; the copy is not, and is made good by copying again.
      expect(await getBackup(setup, backup.id)).toMatchObject({
        trial: { status: 'passed' },
        copies: [{ status: 'failed', error: { code: 'BACKUP_DAMAGED' } }],
      })
      await copyBackup(setup, backup.id, [id], 'admin', ignore, never)
      expect((await trialBackup(setup, { id: backup.id, keys: noKeys, holder: 'test', from: id }, ignore, never)).trial?.status).toBe(
        'passed',
      )
    },
  )
})

describe('what is kept at a destination', () => {
  it('goes by its own rules; the row goes with the last place', async () => {
    const rules = { keepLast: 1, keepDays: 0, daily: 0, weekly: 0, monthly: 0 }
    const { id, prefix } = await addS3({ retention: rules })
    const names: string[] = []
    for (let index = 0; index < 3; index += 1) {
      now = new Date(Date.UTC(2026, 0, 1 + index))
      names.push((await make({ trial: false })).fileName ?? '')
    }
    const [newest, middle, oldest] = await listBackups(setup)
    // Gone from this machine by its own rules, still listed: two places have it.
    await saveRetention(store, { ...rules, keepLast: 2 }, 'admin')
    expect(await pruneBackups(setup, 'test', never)).toEqual([oldest?.id])
    expect(await getBackup(setup, oldest?.id ?? '')).toMatchObject({ present: false, copies: [{ destinationId: id, status: 'uploaded' }] })
    expect(await pruneCopies(setup, 'test', never)).toMatchObject({ removed: [{ id: oldest?.id }, { id: middle?.id }], problems: [] })
    expect(await objects(prefix)).toEqual([names[2]])
    expect((await listBackups(setup)).map((backup) => backup.id)).toEqual([newest?.id, middle?.id])
  })

  it('a clock that was set back deletes nothing that is good', async () => {
    const rules = { keepLast: 1, keepDays: 0, daily: 0, weekly: 0, monthly: 0 }
    const { prefix } = await addS3({ retention: rules })
    now = new Date('2026-06-01T00:00:00Z')
    const first = await make()
    now = new Date('2020-01-01T00:00:00Z')
    const second = await make()
    await pruneCopies(setup, 'test', never)
    // By its date the second is the older one: the newest good one stays, whatever the clock says.
    expect(await objects(prefix)).toContain(first.fileName)
    expect((await getBackup(setup, second.id)).present).toBe(true)
  })

  it('deleting by hand deletes everywhere, and says when it cannot', async () => {
    const disk = await addFolder()
    const { prefix } = await addS3()
    const backup = await make()
    await rm(disk.path, { recursive: true })
    await expect(deleteBackup(setup, backup.id, 'admin', 'by hand')).rejects.toMatchObject({ code: 'DESTINATION_FAILED' })
    expect((await getBackup(setup, backup.id)).present).toBe(true)
    await removeDestination(setup, disk.id, 'admin')
    await deleteBackup(setup, backup.id, 'admin', 'by hand')
    expect([await objects(prefix), await listBackups(setup)]).toEqual([[], []])
  })
})

describe('a destination', () => {
  it('keeps its secret sealed, shows it nowhere, and does not lend it to another host', async () => {
    const { id } = await addS3({ secretAccessKey: 'a very secret access key' })
    const all = JSON.stringify([await store.read.setting.findMany(), await store.read.auditEntry.findMany(), await listDestinations(store)])
    expect(all).not.toContain('a very secret access key')
    const { place, name } = await getDestination(store, id)
    if (place.kind !== 's3') throw new Error('not S3')
    const change = (changes: Partial<typeof place>) =>
      saveDestination(setup, id, { name, enabled: true, retention: null, place: { ...place, ...changes }, secretAccessKey: null }, 'admin')
    await expect(change({ prefix: 'elsewhere' })).resolves.toMatchObject({ id })
    await expect(change({ endpoint: 'https://attacker.example' })).rejects.toMatchObject({ code: 'INVALID_INPUT' })
    await expect(change({ accessKeyId: 'another' })).rejects.toMatchObject({ code: 'INVALID_INPUT' })
  })

  it.each([
    ['http://169.254.169.254', 'metadata'],
    ['http://[fd00:ec2::254]', 'metadata'],
    ['http://0.0.0.0:9000', 'reserved'],
    ['file:///etc/passwd', 'scheme'],
    ['https://user:secret@storage.example', 'user'],
    ['https://storage.example/bucket', 'path'],
    ['https://storage.example/?x=1', 'query'],
    ['http://8.8.8.8', 'in the clear'],
    ['nonsense', 'no URL'],
  ])('is refused at %s', async (endpoint) => {
    const place = { kind: 's3', endpoint, region: 'auto', bucket: 'abc', prefix: '', pathStyle: true, accessKeyId: 'x' } as const
    const input = { name: 'x', enabled: true, retention: null, place, secretAccessKey: 'x' }
    await expect(saveDestination(setup, null, input, 'admin')).rejects.toMatchObject({ code: 'TARGET_URL_REFUSED' })
  })

  it('is refused in a private network where the operator says so, also behind a name', async () => {
    const strict = { ...setup, addresses: { allowPrivate: false } }
    const place = {
      kind: 's3',
      endpoint: server.url,
      region: 'auto',
      bucket: testBucket,
      prefix: '',
      pathStyle: true,
      accessKeyId: 'S3RVER',
    } as const
    const input = { name: 'x', enabled: true, retention: null, place, secretAccessKey: 'S3RVER' }
    await expect(saveDestination(strict, null, input, 'admin')).rejects.toMatchObject({ code: 'TARGET_URL_REFUSED' })
    // The name passes the first check with its letters alone; its address does not pass the second.
    const { checkedLookup } = await import('./s3-address')
    const lookup = checkedLookup(new URL('https://localhost:9000'), { allowPrivate: false })
    const answer = await new Promise((resolve) => lookup('localhost', { all: true }, (error) => resolve(error)))
    expect(answer).toMatchObject({ code: 'TARGET_URL_REFUSED' })
  })

  it('cannot be the folder of the archives or one that the app serves', async () => {
    for (const path of [join(setup.folder, 'x'), join(setup.root, 'public', 'backups')]) {
      const input = { name: 'x', enabled: true, retention: null, place: { kind: 'folder', path }, secretAccessKey: null } as const
      await expect(saveDestination(setup, null, input, 'admin')).rejects.toMatchObject({ code: 'INVALID_INPUT' })
    }
  })
})
