import { createHash, randomBytes } from 'node:crypto'
import { createWriteStream } from 'node:fs'
import { copyFile, mkdir, readdir, readFile, rm, writeFile } from 'node:fs/promises'
import { join } from 'node:path'
import { Readable } from 'node:stream'
import { pipeline } from 'node:stream/promises'
import { createGzip } from 'node:zlib'
import { type Header, pack } from 'tar-stream'
import { afterEach, beforeEach, describe, expect, it } from 'vitest'
import { type ControlStore, openControlStore } from '@/lib/control/control-store'
import { acquireLease } from '@/lib/control/lease'
import { createTestBackupSetup, insertCvsIntoSqlite, writeCvs } from '@/tests/support/backup-source'
import { createCvsiteDatabase, type TestSqliteDatabase } from '@/tests/support/sqlite-databases'
import { getBackup, listBackups } from '../backup-catalogue'
import type { BackupView } from '../backup-view'
import { couldRecover } from '../could-recover'
import { saveDestination } from '../destinations/destination-store'
import { noKeys, type OpeningKeys } from '../encryption'
import { generateKeyPair, saveKeyPolicy } from '../key-policy'
import { type BackupSetup, makeBackup } from '../make-backup'
import type { Manifest, Member } from '../manifest'
import { previewRetention } from '../prune-backups'
import { restoreBackup } from '../restore-backup'
import { trialBackup } from '../trial-backup'
import { type ArchiveOrigin, importArchive, trustBackup } from './import-archive'
import { appendPiece, getUpload, listUploads, removeUpload, startUpload } from './quarantine'
import { pieceBytes } from './upload-view'

const never = new AbortController().signal
const ignore = () => undefined
const master = 'a secret of at least thirty-two characters'
const passphrase = 'four words in a row'

/** Another server with a database of its own, and this one. */
let other: { database: TestSqliteDatabase; store: ControlStore; setup: BackupSetup }
let here: typeof other

async function server(cvs: number) {
  const database = await createCvsiteDatabase()
  const store = await openControlStore(join(database.folder, 'control.db'))
  const setup = createTestBackupSetup(database.folder, store, database.path)
  insertCvsIntoSqlite(database.path, await writeCvs(setup.files.folder, cvs))
  await mkdir(setup.folder, { recursive: true })
  return { database, store, setup }
}
beforeEach(async () => {
  other = await server(5)
  here = await server(1)
})
afterEach(async () => {
  for (const { store, database } of [other, here]) {
    await store.close()
    await database.remove()
  }
})

const makeOther = () => makeBackup(other.setup, { origin: 'manual', requestedBy: 'a', jobId: null, holder: 'test' }, ignore, never)
const archiveOf = (backup: BackupView) => join(other.setup.folder, backup.fileName ?? '')

/** Uploads a file as the browser does, piece by piece. */
async function upload(path: string): Promise<string> {
  const content = await readFile(path)
  const { id } = await startUpload(here.setup.folder, { name: 'archive', sizeBytes: content.length }, 'admin', new Date())
  for (let offset = 0; offset < content.length; offset += pieceBytes)
    await appendPiece(here.setup.folder, id, offset, Readable.from([content.subarray(offset, offset + pieceBytes)]), never)
  return id
}
const take = (origin: ArchiveOrigin, keys: OpeningKeys = noKeys) =>
  importArchive(here.setup, { origin, keys, requestedBy: 'admin', jobId: null, holder: 'test' }, ignore, never)
const takeUpload = async (path: string, keys?: OpeningKeys) => take({ kind: 'upload', uploadId: await upload(path) }, keys)
const quarantined = async () => readdir(join(here.setup.folder, '.quarantine')).catch(() => [])
const rowsHere = () =>
  import('@/lib/sqlite/open-database').then(({ openSqlite }) => {
    const db = openSqlite(here.database.path, { readonly: true })
    try {
      return db.prepare('SELECT count(*) FROM "CvFile"').pluck().get()
    } finally {
      db.close()
    }
  })

describe('an archive from another server', () => {
  it('is checked, marked foreign, put to no use, and after a word of trust restored like any other', async () => {
    const backup = await makeOther()
    const { backup: taken, outcome } = await takeUpload(archiveOf(backup))
    expect([outcome, taken]).toEqual([
      'foreign',
      expect.objectContaining({ origin: 'upload', foreign: true, present: true, sha256: backup.sha256, keyKnown: true }),
    ])
    expect(taken.manifest).toEqual(backup.manifest)
    expect(await quarantined()).toEqual([])
    expect(couldRecover([taken], new Date()).state).toBe('no')
    const trial = () => trialBackup(here.setup, { id: taken.id, keys: noKeys, holder: 'test' }, ignore, never)
    const restore = () =>
      restoreBackup(here.setup, { id: taken.id, parts: 'all', requestedBy: 'admin', jobId: null, holder: 'test' }, ignore, never)
    await expect(trial()).rejects.toMatchObject({ code: 'STATE_CONFLICT', message: expect.stringContaining('not trusted') })
    await expect(restore()).rejects.toMatchObject({ code: 'STATE_CONFLICT', message: expect.stringContaining('not trusted') })
    expect(await rowsHere()).toBe(1)
    await trustBackup(here.setup, taken.id, 'admin')
    await expect(trustBackup(here.setup, taken.id, 'admin')).rejects.toMatchObject({ code: 'NOT_FOUND' })
    expect((await trial()).trial?.status).toBe('passed')
    await restore()
    expect(await rowsHere()).toBe(5)
  })

  it('that is encrypted is opened with the key of there, typed; without it the upload waits', async () => {
    await saveKeyPolicy(other.store, { kind: 'passphrase', passphrase }, master, 'a')
    const uploadId = await upload(archiveOf(await makeOther()))
    await expect(take({ kind: 'upload', uploadId })).rejects.toMatchObject({ code: 'BACKUP_KEY_WRONG' })
    await expect(take({ kind: 'upload', uploadId }, { passphrases: ['not this one'], identities: [] })).rejects.toMatchObject({
      code: 'BACKUP_KEY_WRONG',
    })
    const { backup } = await take({ kind: 'upload', uploadId }, { passphrases: [passphrase], identities: [] })
    expect(backup).toMatchObject({ encryption: { kind: 'passphrase', keyId: null }, keyKnown: false, foreign: true })
    expect(backup.fileName).toMatch(/\.age$/)
  })

  it('that this server has the passphrase of needs none, and one for public keys takes the private one', async () => {
    await saveKeyPolicy(other.store, { kind: 'passphrase', passphrase }, master, 'a')
    await saveKeyPolicy(here.store, { kind: 'passphrase', passphrase }, master, 'a')
    expect((await takeUpload(archiveOf(await makeOther()))).backup).toMatchObject({ keyKnown: true, encryption: { kind: 'passphrase' } })
    const pair = await generateKeyPair()
    await saveKeyPolicy(other.store, { kind: 'recipients', recipients: [pair.recipient] }, master, 'a')
    const { backup } = await takeUpload(archiveOf(await makeOther()), { passphrases: [], identities: [pair.identity] })
    expect(backup.encryption).toEqual({ kind: 'recipients', recipients: [pair.recipient] })
  })

  it('lies at a destination: this server, which knows nothing of it, fetches it from there', async () => {
    const path = join(here.database.folder, 'share')
    await mkdir(path)
    const backup = await makeOther()
    await copyFile(archiveOf(backup), join(path, backup.fileName ?? ''))
    const input = { name: 'share', enabled: false, retention: null, place: { kind: 'folder', path }, secretAccessKey: null } as const
    const { id: destinationId } = await saveDestination(here.setup, null, input, 'admin')
    const { backup: taken, outcome } = await take({ kind: 'destination', destinationId, key: backup.fileName ?? '' })
    expect([outcome, taken.foreign, taken.sha256]).toEqual(['foreign', true, backup.sha256])
    await expect(take({ kind: 'destination', destinationId, key: 'backup-20200101-000000-abcdef.tar.gz' })).rejects.toMatchObject({
      code: 'NOT_FOUND',
    })
  })

  it('waits its turn: while a backup is made it is refused kindly, and the upload stays', async () => {
    const uploadId = await upload(archiveOf(await makeOther()))
    await acquireLease(here.store, { name: 'backups', holder: 'another', purpose: 'backup' })
    await expect(take({ kind: 'upload', uploadId })).rejects.toMatchObject({
      code: 'LEASE_HELD',
      message: expect.stringContaining('backup'),
    })
    expect(await listUploads(here.setup.folder)).toHaveLength(1)
  })

  it('that is one of ours is that backup again, and needs no word', async () => {
    const mine = await makeBackup(here.setup, { origin: 'manual', requestedBy: 'a', jobId: null, holder: 'test' }, ignore, never)
    const path = join(here.setup.folder, mine.fileName ?? '')
    const saved = join(here.database.folder, 'saved')
    await copyFile(path, saved)
    expect((await takeUpload(saved)).outcome).toBe('known')
    await rm(path)
    expect(await takeUpload(saved)).toMatchObject({ outcome: 'returned', backup: { id: mine.id, foreign: false, present: true } })
    expect(await listBackups(here.setup)).toHaveLength(1)
  })

  it('is not deleted by the rules, and pushes nothing out, however young it says it is', async () => {
    const mine = await makeBackup(here.setup, { origin: 'manual', requestedBy: 'a', jobId: null, holder: 'test' }, ignore, never)
    const { backup } = await takeUpload(archiveOf(await makeOther()))
    const { keep, remove } = await previewRetention(here.setup, { keepLast: 1, keepDays: 0, daily: 0, weekly: 0, monthly: 0 })
    expect([keep.map(({ id, reason }) => [id, reason]), remove]).toEqual([
      expect.arrayContaining([
        [mine.id, 'newest-good'],
        [backup.id, 'upload'],
      ]),
      [],
    ])
  })
})

describe('an upload', () => {
  it('goes on where it broke off, and takes no piece twice, too early or too long', async () => {
    const { folder } = here.setup
    const { id } = await startUpload(folder, { name: '../../etc/<x>.tar', sizeBytes: 10 }, 'admin', new Date())
    expect(await getUpload(folder, id)).toMatchObject({ name: '.._.._etc__x_.tar', receivedBytes: 0 })
    await appendPiece(folder, id, 0, Readable.from([Buffer.from('01234')]), never)
    const breaking = Readable.from(
      (async function* () {
        yield Buffer.from('56')
        throw new Error('the connection broke')
      })(),
    )
    await expect(appendPiece(folder, id, 5, breaking, never)).rejects.toThrow('broke')
    expect(await getUpload(folder, id)).toMatchObject({ receivedBytes: 5 })
    await expect(appendPiece(folder, id, 0, Readable.from([Buffer.from('0')]), never)).rejects.toMatchObject({ code: 'STATE_CONFLICT' })
    await expect(appendPiece(folder, id, 9, Readable.from([Buffer.from('0')]), never)).rejects.toMatchObject({ code: 'STATE_CONFLICT' })
    await expect(appendPiece(folder, id, 5, Readable.from([Buffer.from('567890')]), never)).rejects.toMatchObject({ code: 'INVALID_INPUT' })
    await expect(take({ kind: 'upload', uploadId: id })).rejects.toMatchObject({ code: 'STATE_CONFLICT' })
    expect(await appendPiece(folder, id, 5, Readable.from([Buffer.from('56789')]), never)).toMatchObject({ receivedBytes: 10 })
    await removeUpload(folder, id)
    await expect(getUpload(folder, id)).rejects.toMatchObject({ code: 'NOT_FOUND' })
    await expect(getUpload(folder, '../../../etc')).rejects.toMatchObject({ code: 'NOT_FOUND' })
  })

  it('is refused when there are too many, and thrown away after two days', async () => {
    const { folder } = here.setup
    const start = (now: Date) => startUpload(folder, { name: 'x', sizeBytes: 10 }, 'admin', now)
    for (let index = 0; index < 4; index += 1) await start(new Date())
    await expect(start(new Date())).rejects.toMatchObject({ code: 'STATE_CONFLICT' })
    await start(new Date(Date.now() + 49 * 60 * 60 * 1000))
    expect(await listUploads(folder)).toHaveLength(1)
  })

  it('that does not fit on the disk is refused at once', async () => {
    const sizeBytes = 64 * 1024 ** 3
    const outcome = await startUpload(here.setup.folder, { name: 'x', sizeBytes }, 'admin', new Date()).catch((error) => error.code)
    const { bavail, bsize } = await import('node:fs/promises').then(({ statfs }) => statfs(here.setup.folder))
    expect(bavail * bsize > sizeBytes + 256 * 1024 * 1024 ? outcome.id.length > 0 : outcome === 'LOCAL_DISK_FULL').toBe(true)
  })
})

describe('a hostile archive', () => {
  const sha256 = (content: Buffer) => createHash('sha256').update(content).digest('hex')
  const good = { name: 'database/app.db', sizeBytes: 3, sha256: sha256(Buffer.from('abc')) }
  let base: Omit<Manifest, 'members'>
  beforeEach(async () => {
    const { manifest } = await makeOther()
    if (!manifest) throw new Error('no manifest')
    base = manifest
  })
  const manifest = (members: readonly Member[]) => ({ name: 'manifest.json', body: Buffer.from(JSON.stringify({ ...base, members })) })

  /** Writes it, uploads it, and answers how it was met; nothing may have come of it. */
  async function attempt(entries: readonly (Partial<Header> & { name: string; body?: Buffer })[], headersMore = 0): Promise<string> {
    const path = join(here.database.folder, `hostile-${randomBytes(4).toString('hex')}`)
    const tar = pack()
    for (const { body, ...header } of entries) tar.entry(header, body ?? Buffer.alloc(0))
    tar.finalize()
    const whole: Buffer[] = []
    for await (const chunk of tar) whole.push(chunk as Buffer)
    // The last two blocks are tar's end; the one before them is the header of the last entry, which is empty.
    const blocks = Buffer.concat(whole)
    const lastHeader = blocks.subarray(-1536, -1024)
    const stream = Readable.from(
      (function* () {
        yield blocks.subarray(0, -1024)
        for (let left = headersMore; left > 0; left -= 1000) yield Buffer.concat(Array<Buffer>(Math.min(left, 1000)).fill(lastHeader))
        yield blocks.subarray(-1024)
      })(),
    )
    await pipeline(stream, createGzip({ level: 1 }), createWriteStream(path))
    const outcome = await takeUpload(path).then(
      () => 'taken',
      (error: { code: string }) => error.code,
    )
    expect(await readdir(here.setup.folder)).toEqual(['.quarantine'])
    expect([await quarantined(), await listBackups(here.setup)]).toEqual([[], []])
    return outcome
  }

  it.each([
    ['..', { name: 'database/../../x' }],
    ['an absolute path', { name: '/etc/cron.d/x' }],
    ['a symbolic link', { name: 'database/app.db', type: 'symlink', linkname: '/etc/passwd' }],
    ['a hard link', { name: 'database/app.db', type: 'link', linkname: '/etc/passwd' }],
    ['a device', { name: 'database/app.db', type: 'block-device' }],
    ['a pipe', { name: 'database/app.db', type: 'fifo' }],
    ['a member that its manifest does not list', { name: 'cv_data/ab/abcdefghijklmnopqrstuvwx.cv', body: Buffer.from('x') }],
  ] as const)('with %s is refused, and nothing of it stays', async (_what, entry) => {
    expect(await attempt([manifest([good]), entry])).toBe('BACKUP_REFUSED')
  })

  it('that would pass for something else where it is shown is refused', async () => {
    const words = { app: { name: 'cvsite', version: '1\u202e0' }, createdBy: '\u001b[2Jadmin' }
    for (const [name, value] of Object.entries(words)) {
      const text = JSON.stringify({ ...base, [name]: value, members: [good] })
      expect(await attempt([{ name: 'manifest.json', body: Buffer.from(text) }])).toBe('BACKUP_REFUSED')
    }
  })

  it('with a member twice, listed twice, of a newer format, or without a manifest is refused', async () => {
    const member = { name: good.name, body: Buffer.from('abc') }
    expect(await attempt([manifest([good]), member, member])).toBe('BACKUP_REFUSED')
    expect(await attempt([manifest([good, good]), member])).toBe('BACKUP_REFUSED')
    expect(await attempt([member])).toBe('BACKUP_REFUSED')
    base = { ...base, formatVersion: 99 }
    expect(await attempt([manifest([good]), member])).toBe('BACKUP_REFUSED')
  })

  it('that is a bomb is refused: by ratio, by size, by a million entries', async () => {
    expect(await attempt([manifest([{ ...good, sizeBytes: 5_000_000_000_000 }])])).toBe('BACKUP_REFUSED')
    expect(await attempt([manifest([good]), { name: good.name, body: Buffer.alloc(64 * 1024 * 1024) }])).toMatch(/BACKUP_(REFUSED|DAMAGED)/)
    const listed = { name: `cv_data/ab/${'0'.repeat(24)}.cv`, sizeBytes: 0, sha256: sha256(Buffer.alloc(0)) }
    expect(await attempt([manifest([good, listed]), { name: good.name, body: Buffer.from('abc') }, { name: listed.name }], 1_000_000)).toBe(
      'BACKUP_REFUSED',
    )
  })

  it('that is damaged, empty or no archive at all is thrown away', async () => {
    const content = await readFile(archiveOf((await listBackups(other.setup))[0] as BackupView))
    const path = join(here.database.folder, 'damaged')
    for (const bytes of [content.subarray(0, content.length - 20), randomBytes(5000), Buffer.from('<html>')]) {
      await writeFile(path, bytes)
      await expect(takeUpload(path)).rejects.toMatchObject({ code: expect.stringMatching(/BACKUP_(DAMAGED|REFUSED)/) })
    }
    expect([await quarantined(), await listBackups(here.setup)]).toEqual([[], []])
    await expect(getBackup(here.setup, 'x')).rejects.toMatchObject({ code: 'NOT_FOUND' })
  })
})
