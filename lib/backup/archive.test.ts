import { createHash, randomBytes } from 'node:crypto'
import { open, readdir, readFile, stat, truncate, writeFile } from 'node:fs/promises'
import { join } from 'node:path'
import { Readable } from 'node:stream'
import { pipeline } from 'node:stream/promises'
import { createGzip, gzipSync } from 'node:zlib'
import { generateX25519Identity, identityToRecipient } from 'age-encryption'
import { type Header, pack } from 'tar-stream'
import { describe, expect, it } from 'vitest'
import { createTemporaryFolder } from '@/tests/support/sqlite-databases'
import { type EncryptionKey, noKeys, type OpeningKeys } from './encryption'
import type { Manifest, Member } from './manifest'
import { readArchive } from './read-archive'
import { type SourceMember, writeArchive } from './write-archive'

const never = new AbortController().signal
const ignore = () => undefined
const passphrase = 'four words in a row'
/** Without a code it was no answer of ours: then what it says. */
const codeOf = (error: { code?: string }) => error.code ?? String(error)
const sha256 = (content: Buffer) => createHash('sha256').update(content).digest('hex')

const base: Omit<Manifest, 'members'> = {
  format: 'bascule-backup',
  formatVersion: 1,
  id: '20260101-000000-abcdef',
  createdAt: '2026-01-01T00:00:00.000Z',
  createdBy: 'test',
  elapsedMs: 1,
  app: { name: 'test', version: '1' },
  database: { engine: 'sqlite', version: '3', format: 'sqlite', reason: '', schema: null, schemaMigrations: [], tables: [], leftOut: [] },
  files: { count: 0, sizeBytes: 0, keyFingerprint: '', problems: [], problemCount: 0 },
  environment: false,
}

async function writeSample(folder: string, encryption: EncryptionKey | null) {
  // Random bytes do not compress: several of age's pieces of 64 KiB come out.
  const content = new Map([
    ['database/app.db', randomBytes(300_000)],
    ['cv_data/ab/abcdefghijklmnopqrstuvwx.cv', Buffer.from('a file')],
    ['.env', Buffer.alloc(0)],
  ])
  const members: SourceMember[] = []
  for (const [index, [name, bytes]] of [...content].entries()) {
    const path = join(folder, `source-${index}`)
    await writeFile(path, bytes)
    members.push({ name, path, sizeBytes: bytes.length, sha256: sha256(bytes) })
  }
  const path = join(folder, `archive-${randomBytes(3).toString('hex')}`)
  const written = await writeArchive({ path, manifest: base, members, encryption, onProgress: ignore, signal: never })
  return { path, written, content }
}

async function readAll(path: string, keys: OpeningKeys, whole?: string): Promise<Map<string, Buffer>> {
  const found = new Map<string, Buffer>()
  const open = async () => (member: Member) => async (stream: Readable) => {
    const chunks: Buffer[] = []
    for await (const chunk of stream) chunks.push(chunk as Buffer)
    found.set(member.name, Buffer.concat(chunks))
  }
  await readArchive({ path, keys, ...(whole === undefined ? {} : { sha256: whole }), open, onProgress: ignore, signal: never })
  return found
}

describe('an archive', () => {
  it.each(['none', 'passphrase', 'recipients'] as const)('gives back every member (encryption: %s)', async (kind) => {
    await using folder = await createTemporaryFolder('archive')
    const identity = await generateX25519Identity()
    const recipients = [await identityToRecipient(identity)]
    const encryption: EncryptionKey | null =
      kind === 'none' ? null : kind === 'passphrase' ? { kind, passphrase } : { kind: 'recipients', recipients }
    const { path, written, content } = await writeSample(folder.path, encryption)
    expect(written).toEqual({ sizeBytes: (await stat(path)).size, sha256: sha256(await readFile(path)) })
    expect((await stat(path)).mode & 0o777).toBe(0o600)
    const found = await readAll(path, { passphrases: [passphrase], identities: [identity] }, written.sha256)
    for (const [name, bytes] of content) expect([name, found.get(name)?.equals(bytes)]).toEqual([name, true])
    expect(found.get('SHA256SUMS')?.toString()).toContain(`${sha256(Buffer.from('a file'))}  cv_data/ab/abcdefghijklmnopqrstuvwx.cv\n`)
    expect((await readdir(folder.path)).filter((name) => name.endsWith('.part'))).toEqual([])
  })

  it('leaves nothing when it is cancelled, when a member changed, and when there is no key to encrypt with', async () => {
    await using folder = await createTemporaryFolder('archive')
    const source = join(folder.path, 'source')
    await writeFile(source, 'content')
    const member = { name: '.env', path: source, sizeBytes: 7, sha256: sha256(Buffer.from('content')) }
    const write = (members: SourceMember[], encryption: EncryptionKey | null, signal = never) =>
      writeArchive({ path: join(folder.path, 'archive'), manifest: base, members, encryption, onProgress: ignore, signal })
    await expect(write([member], null, AbortSignal.abort())).rejects.toMatchObject({ code: 'CANCELLED' })
    await expect(write([{ ...member, sha256: sha256(Buffer.from('other')) }], null)).rejects.toMatchObject({ code: 'SOURCE_CHANGED' })
    await expect(write([member], { kind: 'passphrase', passphrase: '' })).rejects.toMatchObject({ code: 'BACKUP_KEY_WRONG' })
    await expect(write([member], { kind: 'recipients', recipients: [] })).rejects.toMatchObject({ code: 'BACKUP_KEY_WRONG' })
    await expect(write([member], { kind: 'recipients', recipients: ['age1nonsense'] })).rejects.toMatchObject({ code: 'BACKUP_KEY_WRONG' })
    expect(await readdir(folder.path)).toEqual(['source'])
  })
})

describe('a damaged archive is refused before its end is reached', () => {
  const pieceBytes = 64 * 1024 + 16

  it.each(['encrypted', 'plain'] as const)(
    '%s: a flipped bit anywhere, a cut, a lost last piece, pieces in another order',
    async (kind) => {
      await using folder = await createTemporaryFolder('archive')
      // A passphrase costs a second of processor time each time; what follows the header is the same for both.
      const identity = await generateX25519Identity()
      const recipients = [await identityToRecipient(identity)]
      const { path, written } = await writeSample(folder.path, kind === 'plain' ? null : { kind: 'recipients', recipients })
      const keys = { passphrases: [], identities: [identity] }
      const whole = await readFile(path)
      const attempt = async (damaged: Buffer) => {
        const copy = `${path}-damaged`
        await writeFile(copy, damaged)
        return readAll(copy, keys).then(() => 'read', codeOf)
      }
      const refusals = /^BACKUP_(DAMAGED|REFUSED|KEY_WRONG)$/
      const flip = (at: number) => {
        const copy = Buffer.from(whole)
        copy.writeUInt8(copy.readUInt8(at) ^ 1, at)
        return copy
      }
      // The first ten bytes of gzip hold a time and a system that mean nothing; a catalogue's sum notices them all the same.
      const offsets = [...Array.from({ length: 8 }, (_, index) => Math.floor((whole.length - 1) * ((index + 0.5) / 8))), whole.length - 1]
      for (const offset of offsets) expect([offset, await attempt(flip(offset))]).toEqual([offset, expect.stringMatching(refusals)])
      expect(await attempt(whole.subarray(0, whole.length - 100))).toMatch(refusals)
      expect(await attempt(Buffer.alloc(0))).toMatch(refusals)
      if (kind === 'encrypted') {
        const recipient = whole.subarray(whole.indexOf('\n-> ') + 1, whole.indexOf('\n--- ') + 1)
        const crowd = Buffer.concat([
          whole.subarray(0, whole.indexOf('\n-> ') + 1),
          ...Array(300).fill(recipient),
          whole.subarray(whole.indexOf('\n--- ') + 1),
        ])
        await writeFile(`${path}-crowd`, crowd)
        await expect(readAll(`${path}-crowd`, keys)).rejects.toMatchObject({ message: expect.stringContaining('200 recipients') })
        // The header ends with a line of its seal, then come 16 bytes of nonce, then the pieces.
        const start = whole.indexOf('\n--- ') + 49 + 16
        const pieces = Array.from({ length: Math.ceil((whole.length - start) / pieceBytes) }, (_, index) =>
          whole.subarray(start + index * pieceBytes, start + (index + 1) * pieceBytes),
        )
        expect(pieces.length).toBeGreaterThan(3)
        const [first, second, ...rest] = pieces as [Buffer, Buffer, ...Buffer[]]
        expect(await attempt(Buffer.concat([whole.subarray(0, start), second, first, ...rest]))).toBe('BACKUP_DAMAGED')
        expect(await attempt(whole.subarray(0, start + (pieces.length - 1) * pieceBytes))).toBe('BACKUP_DAMAGED')
      }
      await writeFile(`${path}-whole`, flip(5))
      await expect(readAll(`${path}-whole`, keys, written.sha256)).rejects.toMatchObject({ code: expect.stringMatching(refusals) })
    },
  )

  it('says so when the key is missing or another', async () => {
    await using folder = await createTemporaryFolder('archive')
    const { path } = await writeSample(folder.path, { kind: 'passphrase', passphrase })
    await expect(readAll(path, noKeys)).rejects.toMatchObject({ code: 'BACKUP_KEY_WRONG' })
    await expect(readAll(path, { passphrases: ['another'], identities: [] })).rejects.toMatchObject({ code: 'BACKUP_KEY_WRONG' })
    await expect(readAll(join(folder.path, 'absent'), noKeys)).rejects.toMatchObject({ code: 'NOT_FOUND' })
  })
})

describe('a hostile archive', () => {
  const listed = (members: Member[]) => Buffer.from(JSON.stringify({ ...base, members }))
  const good = { name: 'database/app.db', sizeBytes: 3, sha256: sha256(Buffer.from('abc')) }

  async function attempt(entries: readonly (Partial<Header> & { name: string; body?: Buffer })[], tail?: () => Readable): Promise<string> {
    await using folder = await createTemporaryFolder('hostile')
    const path = join(folder.path, 'archive')
    const tar = pack()
    for (const { body, ...header } of entries) tar.entry(header, body ?? Buffer.alloc(0))
    tar.finalize()
    const stream = Readable.from(
      (async function* () {
        yield* tar
        if (tail) yield* tail()
      })(),
    )
    const file = await open(path, 'w')
    await pipeline(stream, createGzip(), file.createWriteStream())
    return readAll(path, noKeys).then(() => 'read', codeOf)
  }
  const manifest = (members: Member[]) => ({ name: 'manifest.json', body: listed(members) })

  it('reads a good one made the same way', async () => {
    expect(await attempt([manifest([good]), { name: good.name, body: Buffer.from('abc') }])).toBe('read')
  })

  it.each([
    ['a path that leads out', { name: 'database/../../etc/passwd' }],
    ['an absolute path', { name: '/etc/passwd' }],
    ['a symbolic link', { name: 'database/app.db', type: 'symlink', linkname: '/etc/passwd' }],
    ['a hard link', { name: 'database/app.db', type: 'link', linkname: '/etc/passwd' }],
    ['a character device', { name: 'database/app.db', type: 'character-device' }],
    ['a block device', { name: 'database/app.db', type: 'block-device' }],
    ['a pipe', { name: 'database/app.db', type: 'fifo' }],
    ['a folder', { name: 'database/app.db', type: 'directory' }],
    ['an unlisted member', { name: '.env', body: Buffer.from('X=1') }],
    ['another name in a pax header', { name: 'x', pax: { path: 'database/app.db' }, body: Buffer.from('abc') }],
    ['a sparse file of GNU tar', { name: 'database/app.db', pax: { 'GNU.sparse.name': '/etc/passwd' }, body: Buffer.from('abc') }],
    ['a name that is too long for a header', { name: `database/${'a'.repeat(5_000)}`, body: Buffer.from('abc') }],
    ['a name with a line break', { name: 'database/app.db\n', body: Buffer.from('abc') }],
  ] as const)('is refused for %s', async (_what, entry) => {
    expect(await attempt([manifest([good]), entry])).toBe('BACKUP_REFUSED')
  })

  it('is refused when its manifest lists such a name, lists one twice, or comes late', async () => {
    for (const name of ['../x', '/etc/passwd', 'cv_data/../x', 'database/x.sh', 'cv_data/ab/abcdefghijklmnopqrstuvwx.cv/../../x']) {
      expect([name, await attempt([manifest([{ ...good, name }]), { name, body: Buffer.from('abc') }])]).toEqual([name, 'BACKUP_REFUSED'])
    }
    expect(await attempt([manifest([good, good])])).toBe('BACKUP_REFUSED')
    expect(await attempt([{ name: good.name, body: Buffer.from('abc') }, manifest([good])])).toBe('BACKUP_REFUSED')
    expect(await attempt([{ name: 'manifest.json', body: Buffer.from('{}') }])).toBe('BACKUP_REFUSED')
  })

  it('is refused when its manifest lists no database, another format than its engine has, or far more than it can show', async () => {
    const { database } = base
    const with_ = (changed: object, members = [good]) =>
      attempt([
        { name: 'manifest.json', body: Buffer.from(JSON.stringify({ ...base, members, database: { ...database, ...changed } })) },
        { name: good.name, body: Buffer.from('abc') },
      ])
    expect(await with_({})).toBe('read')
    expect(await with_({}, [])).toBe('BACKUP_REFUSED')
    expect(await with_({ engine: 'postgresql' })).toBe('BACKUP_REFUSED')
    expect(await with_({ engine: 'postgresql', format: 'plain' })).toBe('BACKUP_REFUSED')
    expect(await with_({ tables: Array.from({ length: 200_000 }, (_, index) => ({ table: `t${index}`, rows: 1 })) })).toBe('BACKUP_REFUSED')
    for (const tables of [null, 'x', [{ table: 'a', rows: -1 }], [{ table: 'a', rows: 0.5 }], [{ __proto__: null }]])
      expect([tables, await with_({ tables })]).toEqual([tables, 'BACKUP_REFUSED'])
  })

  it('is refused when a size is negative, beyond all disks or no number, and when a second archive follows it', async () => {
    await using folder = await createTemporaryFolder('hostile')
    const path = join(folder.path, 'archive')
    const attemptRaw = async (...content: readonly Buffer[]) => {
      await writeFile(path, Buffer.concat(content))
      return readAll(path, noKeys).then(() => 'read', codeOf)
    }
    const size = (octal: string) => Buffer.from(octal.padStart(11, '0'))
    const whole = [rawMember('manifest.json', listed([good])), rawMember(good.name, Buffer.from('abc')), Buffer.alloc(1024)]
    expect(await attemptRaw(gzipSync(Buffer.concat(whole)))).toBe('read')
    const sizes = [
      Buffer.alloc(11, 0xff),
      Buffer.from([0x80, 0, 0, 0, 0, 0, 0x10, 0, 0, 0, 0]),
      Buffer.from('zzzzzzzzzzz'),
      size('7'),
      size('0'),
    ]
    for (const field of sizes) {
      const [manifest, , end] = whole as [Buffer, Buffer, Buffer]
      const damaged = gzipSync(Buffer.concat([manifest, rawMember(good.name, Buffer.from('abc'), field), end]))
      expect([field, await attemptRaw(damaged)]).toEqual([field, expect.stringMatching(/^BACKUP_(DAMAGED|REFUSED)$/)])
    }
    const archive = gzipSync(Buffer.concat(whole))
    expect(await attemptRaw(archive, archive)).toBe('BACKUP_REFUSED')
    expect(await attemptRaw(archive, Buffer.from('something else'))).toBe('BACKUP_DAMAGED')
    expect(await attemptRaw(gzipSync(Buffer.concat([...whole, rawMember('.env', Buffer.from('X=1'))])))).toBe('BACKUP_REFUSED')
  })

  it('is refused for what other tar programs would read and this one skips: a global header, something behind the last member', async () => {
    await using folder = await createTemporaryFolder('hostile')
    const path = join(folder.path, 'archive')
    const attemptRaw = async (...content: readonly Buffer[]) => {
      await writeFile(path, gzipSync(Buffer.concat(content)))
      return readAll(path, noKeys).then(() => 'read', codeOf)
    }
    const [first, second, end] = [rawMember('manifest.json', listed([good])), rawMember(good.name, Buffer.from('abc')), Buffer.alloc(1024)]
    const global = rawMember('x', Buffer.from('14 path=../..\n'), undefined, 'g')
    const longName = rawMember('././@LongLink', Buffer.from('../../evil\0'), undefined, 'L')
    expect(await attemptRaw(first, second, end, end)).toBe('read')
    expect(await attemptRaw(global, first, second, end)).toBe('BACKUP_REFUSED')
    expect(await attemptRaw(first, global, second, end)).toBe('BACKUP_REFUSED')
    expect(await attemptRaw(first, second, global, end)).toBe('BACKUP_REFUSED')
    expect(await attemptRaw(first, second, longName, end)).toBe('BACKUP_REFUSED')
    expect(await attemptRaw(first, end, second, end)).toBe('BACKUP_REFUSED')
  })

  it('is refused when its manifest would fill the memory, or says other sums than SHA256SUMS', async () => {
    const raw = (text: string) => attempt([{ name: 'manifest.json', body: Buffer.from(text) }])
    expect(await raw('['.repeat(20_000_000))).toBe('BACKUP_REFUSED')
    expect(await raw(`{"members":[${'{},'.repeat(5_000_000)}{}]}`)).toBe('BACKUP_REFUSED')
    expect(await raw(`{"members":[${'0,'.repeat(10_000_000)}0]}`)).toBe('BACKUP_REFUSED')
    const sums = (text: string) => [
      manifest([{ name: 'SHA256SUMS', sizeBytes: text.length, sha256: sha256(Buffer.from(text)) }, good]),
      { name: 'SHA256SUMS', body: Buffer.from(text) },
      { name: good.name, body: Buffer.from('abc') },
    ]
    expect(await attempt(sums(`${good.sha256}  ${good.name}\n`))).toBe('read')
    expect(await attempt(sums(`${'0'.repeat(64)}  ${good.name}\n`))).toBe('BACKUP_REFUSED')
  })

  it('is refused when a member is missing, longer, shorter, twice, or of other content', async () => {
    expect(await attempt([manifest([good])])).toBe('BACKUP_DAMAGED')
    expect(await attempt([manifest([good]), { name: good.name, body: Buffer.from('abcd') }])).toBe('BACKUP_DAMAGED')
    expect(await attempt([manifest([good]), { name: good.name, body: Buffer.from('abx') }])).toBe('BACKUP_DAMAGED')
    const member = { name: good.name, body: Buffer.from('abc') }
    expect(await attempt([manifest([good]), member, member])).toBe('BACKUP_REFUSED')
  })

  it('is refused when it is a bomb: a huge member, a long tail of nothing, more entries than any backup has', async () => {
    const huge = { ...good, sizeBytes: 5_000_000_000_000 }
    expect(await attempt([manifest([huge])])).toBe('BACKUP_REFUSED')
    const zeros = () => Readable.from(Array.from({ length: 200 }, () => Buffer.alloc(1024 * 1024)))
    expect(await attempt([manifest([good]), { name: good.name, body: Buffer.from('abc') }], zeros)).toBe('BACKUP_REFUSED')
    const names = Array.from({ length: 300_000 }, (_, index) => `cv_data/ab/${String(index).padStart(24, '0')}.cv`)
    expect(await attempt([manifest(names.map((name) => ({ name, sizeBytes: 0, sha256: sha256(Buffer.alloc(0)) })))])).toBe('BACKUP_REFUSED')
  })

  it('is told from a file that is no archive, and from one of zero bytes', async () => {
    await using folder = await createTemporaryFolder('hostile')
    const path = join(folder.path, 'archive')
    await writeFile(path, randomBytes(10_000))
    await expect(readAll(path, noKeys)).rejects.toMatchObject({ code: 'BACKUP_DAMAGED' })
    await truncate(path, 0)
    await expect(readAll(path, noKeys)).rejects.toMatchObject({ code: 'BACKUP_DAMAGED' })
  })
})

/** A member as its bytes in a tar file, for what `pack` does not write. */
function rawMember(name: string, content: Buffer, size = Buffer.from(content.length.toString(8).padStart(11, '0')), type = '0'): Buffer {
  const header = Buffer.alloc(512)
  header.write(name, 0)
  header.write('0000600\0', 100)
  size.copy(header, 124)
  header.write(`        ${type}`, 148)
  header.write('ustar\x0000', 257, 'latin1')
  const sum = header.reduce((total, byte) => total + byte, 0)
  header.write(`${sum.toString(8).padStart(6, '0')}\0 `, 148)
  return Buffer.concat([header, content, Buffer.alloc((512 - (content.length % 512)) % 512)])
}
