import { createHash, type Hash } from 'node:crypto'
import { createReadStream } from 'node:fs'
import { open, stat } from 'node:fs/promises'
import { PassThrough, type Readable, Transform } from 'node:stream'
import { pipeline } from 'node:stream/promises'
import { createGunzip } from 'node:zlib'
import { extract as createExtract, type Extract, type Header } from 'tar-stream'
import { cancelledError, throwIfAborted } from '@/lib/core/abort'
import { AppError } from '@/lib/core/errors'
import { createArchiveLayout } from './archive-layout'
import type { ArchivePlace } from './destinations/archive-place'
import { ageMagic, damaged, decryptStream, type OpeningKeys } from './encryption'
import { type Manifest, type Member, manifestName } from './manifest'
import { memberNamePattern, refused } from './member-names'
import { manifestLimits, readManifest } from './read-manifest'

export interface ReadArchiveOptions {
  /** Its path on this disk, or a stream from elsewhere. */
  readonly path: ArchivePlace
  readonly keys: OpeningKeys
  /** SHA-256 that the whole file must have, when it is known. */
  readonly sha256?: string
  /**
   * Receives the manifest before anything else, and may refuse by throwing. Answers what becomes of each member: a
   * function that reads its stream to the end, or null to have it checked and dropped.
   */
  readonly open: (manifest: Manifest) => Promise<(member: Member) => MemberReader | null>
  /** Bytes of the archive's file read so far. */
  readonly onProgress: (bytesDone: number) => void
  readonly signal: AbortSignal
}

export type MemberReader = (content: Readable) => Promise<void>

const archiveLimits = {
  /** gzip makes at most about 1:1000. What unpacks to more is no content but a bomb. */
  ratio: 2_000,
  /** tar's headers and padding a member, and some for its end. */
  overheadBytes: 4_096,
} as const

/**
 * Reads an archive from end to end and checks everything: age's pieces, gzip's sums, that it holds exactly the members of
 * its manifest, each a plain file with its size and its SHA-256, and the sum of the whole when it is known. Only then does it
 * return; whoever keeps members puts them aside until that moment and throws them away when it throws.
 *
 * @throws AppError BACKUP_KEY_WRONG, BACKUP_DAMAGED (altered, cut off, reordered), BACKUP_REFUSED (something that no backup
 *   of ours contains: a link, a device, a path that leads out, an unlisted or oversized member), CANCELLED, NOT_FOUND
 */
export async function readArchive(options: ReadArchiveOptions): Promise<Manifest> {
  const { path, keys, signal } = options
  throwIfAborted(signal)
  const fileBytes = await sizeOf(path)
  const whole = createHash('sha256')
  const file = typeof path === 'string' ? createReadStream(path, { highWaterMark: 256 * 1024 }) : await path.open(signal)
  const measured = new Transform({ transform: measure(whole, options.onProgress) })
  const closing = new AbortController()
  const reading = pipeline(file, measured, { signal: closing.signal }).catch(() => undefined)
  const abort = () => measured.destroy(cancelledError(signal) as Error)
  signal.addEventListener('abort', abort, { once: true })
  try {
    const plain = (await isEncrypted(path, signal)) ? await decryptStream(measured, keys) : measured
    const manifest = await readTar(plain, fileBytes, options)
    if (options.sha256 !== undefined && whole.digest('hex') !== options.sha256)
      throw damaged('Its SHA-256 is not the one noted when it was written.')
    return manifest
  } catch (error) {
    throw toReadError(error, signal)
  } finally {
    signal.removeEventListener('abort', abort)
    closing.abort()
    await reading
  }
}

/** Whether a file is encrypted in the age format. @throws AppError NOT_FOUND */
export async function isEncrypted(path: ArchivePlace, signal: AbortSignal): Promise<boolean> {
  if (typeof path !== 'string') {
    const chunks: Buffer[] = []
    for await (const chunk of await path.open(signal, { start: 0, end: ageMagic.length - 1 })) chunks.push(chunk as Buffer)
    return Buffer.concat(chunks).toString('latin1') === ageMagic
  }
  const file = await open(path, 'r').catch((cause: unknown) => {
    throw missing(path, cause)
  })
  try {
    const { buffer, bytesRead } = await file.read(Buffer.alloc(ageMagic.length), 0, ageMagic.length, 0)
    return buffer.subarray(0, bytesRead).toString('latin1') === ageMagic
  } finally {
    await file.close()
  }
}

async function readTar(plain: Readable, fileBytes: number, options: ReadArchiveOptions): Promise<Manifest> {
  const extract = createExtract()
  // Until the manifest tells how much there is, no more than a manifest may come; after it, no more than it lists.
  const budget = { bytes: manifestLimits.bytes + archiveLimits.overheadBytes }
  const layout = createArchiveLayout()
  const feeding = pipeline(plain, createGunzip(), bounded(budget), layout.stream, extract, { signal: options.signal })
  // Awaited at the end; until then a failure shows in the loop below.
  feeding.catch((error: Error) => extract.destroy(error))
  let state: Opened | undefined
  try {
    for await (const entry of extract) {
      layout.take(entry.header)
      if (!state) state = await openManifest(entry, fileBytes, budget, options)
      else await readMember(entry, state)
    }
    await feeding
    layout.finish()
  } catch (error) {
    extract.destroy()
    await feeding.catch(() => undefined)
    throw error
  }
  if (!state) throw damaged('It is empty.')
  if (state.waiting.size > 0) throw damaged(`${state.waiting.size} of its members are missing.`)
  return state.manifest
}

/** An entry of the tar stream: its header and its content. */
type Entry = Awaited<ReturnType<ReturnType<Extract[typeof Symbol.asyncIterator]>['next']>>['value']

interface Opened {
  readonly manifest: Manifest
  /** Members that have not come yet. */
  readonly waiting: Map<string, Member>
  readonly readerOf: (member: Member) => MemberReader | null
}

async function openManifest(entry: Entry, fileBytes: number, budget: { bytes: number }, options: ReadArchiveOptions): Promise<Opened> {
  const { header } = entry
  checkHeader(header)
  if (header.name !== manifestName) throw refused('It does not begin with a manifest: it is no backup of this app.')
  if (header.size > manifestLimits.bytes) throw refused('Its manifest is too large.')
  const chunks: Buffer[] = []
  for await (const chunk of entry) chunks.push(Buffer.from(chunk as Uint8Array))
  const manifest = readManifest(Buffer.concat(chunks))
  const waiting = new Map(manifest.members.map((member) => [member.name, member]))
  const totalBytes = manifest.members.reduce((sum, member) => sum + member.sizeBytes, 0)
  if (totalBytes > fileBytes * archiveLimits.ratio + 1024 * 1024) throw refused('It would unpack to far more than it can hold.')
  budget.bytes = header.size + totalBytes + (manifest.members.length + 2) * archiveLimits.overheadBytes + 1024 * 1024
  return { manifest, waiting, readerOf: await options.open(manifest) }
}

async function readMember(entry: Entry, { waiting, readerOf }: Opened): Promise<void> {
  const { header } = entry
  checkHeader(header)
  const member = waiting.get(header.name)
  if (!member) throw refused('It contains something that its manifest does not list, or contains it twice.')
  waiting.delete(header.name)
  if (header.size !== member.sizeBytes) throw damaged(`The size of ${member.name} is not the one in its manifest.`)
  const hash = createHash('sha256')
  const reader = readerOf(member)
  const content = new Transform({ transform: measure(hash) })
  // Dropped members are read all the same: their sums are part of the check.
  const consuming = reader ? reader(content) : drain(content)
  consuming.catch((error: Error) => content.destroy(error))
  try {
    await pipeline(entry, content)
  } finally {
    await consuming
  }
  if (hash.digest('hex') !== member.sha256) throw damaged(`The content of ${member.name} is not the one in its manifest.`)
}

/** Only plain files under the names of our own members; everything else that tar can hold is refused. */
function checkHeader(header: Header): void {
  if (header.type !== 'file' && header.type !== 'contiguous-file')
    throw refused(`It contains a ${header.type ?? 'kind of member that no backup has'}.`)
  if (!memberNamePattern.test(header.name)) throw refused('It contains a name that no backup contains.')
  // tar programs read more out of such headers than we do: other names, links, sparse files. A size beyond 8 GiB is all we might need.
  if (header.pax && Object.keys(header.pax).join() !== 'size') throw refused('It contains a header that no backup contains.')
}

/** Fails once more bytes than the budget of the moment have come through. */
function bounded(budget: { readonly bytes: number }): Transform {
  let total = 0
  return new Transform({
    transform(chunk: Buffer, _encoding, done) {
      total += chunk.length
      if (total > budget.bytes) done(refused('It unpacks to more than its manifest lists.'))
      else done(null, chunk)
    },
  })
}

function measure(hash: Hash, onBytes?: (total: number) => void) {
  let total = 0
  return (chunk: Buffer, _encoding: string, done: (error: Error | null, chunk: Buffer) => void) => {
    hash.update(chunk)
    total += chunk.length
    onBytes?.(total)
    done(null, chunk)
  }
}

function drain(stream: Readable): Promise<void> {
  const end = new PassThrough()
  end.resume()
  return pipeline(stream, end)
}

async function sizeOf(path: ArchivePlace): Promise<number> {
  if (typeof path !== 'string') return path.sizeBytes
  try {
    return (await stat(path)).size
  } catch (cause) {
    throw missing(path, cause)
  }
}

function missing(path: string, cause: unknown): AppError {
  return new AppError({
    code: 'NOT_FOUND',
    operation: 'read a backup',
    subject: path,
    message: 'The file of this backup is not there.',
    hint: 'Look whether it was moved or deleted by hand; use another backup.',
    cause,
  })
}

function toReadError(error: unknown, signal: AbortSignal): unknown {
  if (signal.aborted) return cancelledError(signal)
  if (error instanceof AppError) return error
  // The disk's own word for a full or broken disk is about this machine and not about the archive.
  if (error instanceof Error && 'syscall' in error) return error
  return damaged('Its content does not match its sums.', error)
}
