import { createHash } from 'node:crypto'
import { createReadStream } from 'node:fs'
import { copyFile, link, mkdir, stat } from 'node:fs/promises'
import { dirname, join } from 'node:path'
import { pipeline } from 'node:stream/promises'
import { throwIfAborted } from '@/lib/core/abort'
import { AppError } from '@/lib/core/errors'
import { type CvRow, checkCvFile } from '@/lib/cv/check-cv-file'
import { locateCv } from '@/lib/cv/cv-store'
import { filesPrefix } from './manifest'
import type { SourceMember } from './write-archive'

export interface CollectFilesOptions {
  /** The app's folder of encrypted files. */
  readonly from: string
  /** Work folder on the backups' disk, empty. */
  readonly to: string
  readonly rows: readonly CvRow[]
  readonly key: Buffer
  /** Whether the app still has a row now: a file without one was deleted after the snapshot. */
  readonly hasRow: (storagePath: string) => Promise<boolean>
  readonly onProgress: (bytes: number) => void
  readonly signal: AbortSignal
}

export interface CollectedFiles {
  readonly members: readonly SourceMember[]
  readonly problems: readonly { readonly path: string; readonly fault: string }[]
}

/** Files looked at at once: reading waits for the disk, decrypting for a core. */
const lanes = 4

/**
 * Takes every file that the rows name, decrypts each as it is read and compares it with its row.
 *
 * First all of them get a second name (a hard link) in the work folder: that takes microseconds each, and the app, which
 * replaces and removes files but never changes one, cannot take them away any more. A file that is not sound is noted; what
 * can be read of it is taken all the same.
 *
 * @throws AppError SOURCE_CHANGED (retryable) when a file was deleted between the snapshot and the link, CANCELLED
 */
export async function collectFiles(options: CollectFilesOptions): Promise<CollectedFiles> {
  const { from, to, rows, signal } = options
  const missing = new Set<string>()
  const folders = new Set<string>()
  for (const row of rows) {
    throwIfAborted(signal)
    if (await takeName(from, to, row.storagePath, folders)) continue
    if (!(await options.hasRow(row.storagePath))) throw deletedMeanwhile()
    missing.add(row.storagePath)
  }
  const members: SourceMember[] = []
  const problems = [...missing].map((path) => ({ path, fault: 'missing' }))
  let bytesDone = 0
  const waiting = rows.filter((row) => !missing.has(row.storagePath)).values()
  const work = async () => {
    for (const row of waiting) {
      throwIfAborted(signal)
      const { fault } = await checkCvFile(to, row, options.key, signal)
      if (fault !== null) problems.push({ path: row.storagePath, fault })
      const member = await measureMember(`${filesPrefix}${row.storagePath}`, join(to, row.storagePath), signal)
      members.push(member)
      bytesDone += member.sizeBytes
      options.onProgress(bytesDone)
    }
  }
  await Promise.all(Array.from({ length: lanes }, work))
  return { members: members.sort((a, b) => (a.name < b.name ? -1 : 1)), problems }
}

/** Size and SHA-256 of a file that is to become a member. */
export async function measureMember(name: string, path: string, signal: AbortSignal): Promise<SourceMember> {
  const hash = createHash('sha256')
  await pipeline(createReadStream(path, { highWaterMark: 256 * 1024 }), hash, { signal })
  return { name, path, sizeBytes: (await stat(path)).size, sha256: hash.digest('hex') }
}

/** False when there is no such file, or the row names one that the app never makes. */
async function takeName(from: string, to: string, storagePath: string, folders: Set<string>): Promise<boolean> {
  const source = locateCv(from, storagePath)
  if (source === null) return false
  const target = join(to, storagePath)
  const folder = dirname(target)
  if (!folders.has(folder)) {
    await mkdir(folder, { recursive: true, mode: 0o700 })
    folders.add(folder)
  }
  try {
    // Another disk, or a file system without links: a copy does the same, only slower.
    await link(source, target).catch((error: NodeJS.ErrnoException) => {
      if (error.code === 'ENOENT') throw error
      return copyFile(source, target)
    })
    return true
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code === 'ENOENT') return false
    throw error
  }
}

function deletedMeanwhile(): AppError {
  return new AppError({
    code: 'SOURCE_CHANGED',
    operation: 'collect files for a backup',
    message: 'A file was deleted between the snapshot of the database and the collection of the files.',
    hint: 'Start the backup again.',
    retryable: true,
  })
}
