import { createHash } from 'node:crypto'
import { createReadStream, createWriteStream } from 'node:fs'
import { rename, rm } from 'node:fs/promises'
import { dirname } from 'node:path'
import { type Readable, Transform, type Writable } from 'node:stream'
import { pipeline } from 'node:stream/promises'
import { createGzip } from 'node:zlib'
import { pack as createPack, type Pack } from 'tar-stream'
import { cancelledError } from '@/lib/core/abort'
import { AppError } from '@/lib/core/errors'
import { syncFolder } from '@/lib/core/sync-folder'
import { type EncryptionKey, encryptStream } from './encryption'
import { type Manifest, type Member, manifestName, sumsName } from './manifest'

/** A member and the file that holds its content. */
export interface SourceMember extends Member {
  readonly path: string
}

export interface WrittenArchive {
  readonly sizeBytes: number
  /** Of the whole file, hex. */
  readonly sha256: string
}

export interface WriteArchiveOptions {
  /** Where it is to stand. Until it is whole and on the disk it is called `<path>.part`. */
  readonly path: string
  readonly manifest: Omit<Manifest, 'members'>
  readonly members: readonly SourceMember[]
  /** Null: not encrypted. */
  readonly encryption: EncryptionKey | null
  /** Bytes of members taken so far. */
  readonly onProgress: (bytesDone: number) => void
  readonly signal: AbortSignal
}

/** 3 compresses a database to within a few per cent of 6 and takes half the time. */
const compressionLevel = 3

/**
 * Writes tar, gzip and age in one stream, in memory that does not grow with its size. The name is taken by a rename after
 * the content is on the disk: there is the whole archive or none.
 *
 * @throws AppError LOCAL_DISK_FULL, BACKUP_KEY_WRONG, SOURCE_CHANGED (a member is not what was measured), CANCELLED; no part is left
 */
export async function writeArchive(options: WriteArchiveOptions): Promise<WrittenArchive> {
  const { path, encryption, signal } = options
  const part = `${path}.part`
  const tar = createPack()
  const meter = createMeter()
  try {
    const packing = packMembers(tar, options)
    // What ends the one ends the other; whoever waits below gets the reason.
    packing.catch((error: Error) => tar.destroy(error))
    const compressed = tar.pipe(createGzip({ level: compressionLevel }))
    tar.once('error', (error) => compressed.destroy(error))
    const stream: Readable = encryption === null ? compressed : await encryptStream(compressed, encryption)
    await pipeline(stream, meter.stream, createWriteStream(part, { flags: 'wx', mode: 0o600, flush: true }), { signal })
    await packing
    await rename(part, path)
    await syncFolder(dirname(path))
    return meter.result()
  } catch (error) {
    tar.destroy()
    await rm(part, { force: true })
    throw toArchiveError(error, path, signal)
  }
}

/** SHA-256 of every member in the form that `sha256sum --check` reads. */
export function sumsOf(members: readonly Member[]): string {
  return members.map((member) => `${member.sha256}  ${member.name}\n`).join('')
}

async function packMembers(tar: Pack, { manifest, members, onProgress, signal }: WriteArchiveOptions): Promise<void> {
  const mtime = new Date(manifest.createdAt)
  const sums = Buffer.from(sumsOf(members))
  const sumsMember = { name: sumsName, sizeBytes: sums.length, sha256: createHash('sha256').update(sums).digest('hex') }
  const listed = [sumsMember, ...members.map(({ name, sizeBytes, sha256 }) => ({ name, sizeBytes, sha256 }))]
  const text = `${JSON.stringify({ ...manifest, members: listed }, null, 1)}\n`
  await packText(tar, manifestName, Buffer.from(text), mtime)
  await packText(tar, sumsName, sums, mtime)
  let bytesDone = 0
  for (const member of members) {
    if (signal.aborted) throw cancelledError(signal)
    const hash = createHash('sha256')
    const measure = new Transform({
      transform(chunk: Buffer, _encoding, done) {
        hash.update(chunk)
        bytesDone += chunk.length
        onProgress(bytesDone)
        done(null, chunk)
      },
    })
    // tar-stream's sinks are streamx streams, which keep the contract of Node's under types of their own.
    const entry = tar.entry({ name: member.name, size: member.sizeBytes, mode: 0o600, mtime, type: 'file' }) as unknown as Writable
    await pipeline(createReadStream(member.path, { highWaterMark: 256 * 1024 }), measure, entry, { signal })
    if (hash.digest('hex') !== member.sha256) throw changed(member.name)
  }
  tar.finalize()
}

function packText(tar: Pack, name: string, content: Buffer, mtime: Date): Promise<void> {
  return new Promise((resolve, reject) => {
    tar.entry({ name, mode: 0o600, mtime, type: 'file' }, content, (error) => (error ? reject(error) : resolve()))
  })
}

function createMeter() {
  const hash = createHash('sha256')
  let sizeBytes = 0
  const stream = new Transform({
    transform(chunk: Buffer, _encoding, done) {
      hash.update(chunk)
      sizeBytes += chunk.length
      done(null, chunk)
    },
  })
  return { stream, result: (): WrittenArchive => ({ sizeBytes, sha256: hash.digest('hex') }) }
}

function changed(name: string): AppError {
  return new AppError({
    code: 'SOURCE_CHANGED',
    operation: 'write a backup',
    subject: name,
    message: 'A file changed while it was being backed up.',
    hint: 'Start the backup again.',
    retryable: true,
  })
}

/** What a failure of the disk or of the caller's signal means. */
export function toArchiveError(error: unknown, subject: string, signal: AbortSignal): unknown {
  if (signal.aborted) return cancelledError(signal)
  const code = error instanceof Error && 'code' in error ? error.code : undefined
  if (code === 'ENOSPC' || code === 'EDQUOT') return diskFull(subject, error)
  return error
}

/** No room where backups are written, and unpacked. */
export function diskFull(subject: string, cause: unknown): AppError {
  return new AppError({
    code: 'LOCAL_DISK_FULL',
    operation: 'write or unpack a backup',
    subject,
    message: 'The disk that holds the backups is full. What was unfinished there was removed.',
    hint: 'Free space there, or delete backups that are no longer needed, then start again.',
    retryable: true,
    cause,
  })
}
