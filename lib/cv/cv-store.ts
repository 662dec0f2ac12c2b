import { randomBytes } from 'node:crypto'
import { mkdir, open, readFile, rename, rm } from 'node:fs/promises'
import { dirname, join } from 'node:path'
import { AppError } from '@/lib/core/errors'
import { syncFolder } from '@/lib/core/sync-folder'
import { openCv, sealCv, unreadable } from './cv-format'

export interface CvStoreOptions {
  /** Folder of the ciphertexts, absolute; created when absent. */
  readonly folder: string
  /** 32 bytes. */
  readonly key: Buffer
}

/** The encrypted CV files. Paths are those that newStoragePath makes, kept in the row of the CV. */
export interface CvStore {
  /**
   * Writes a new file: complete under its name, on the disk, or not at all.
   * @throws AppError INVALID_INPUT (too large), LOCAL_DISK_FULL
   */
  write(storagePath: string, plaintext: Buffer): Promise<void>
  /** @throws AppError CV_UNREADABLE: missing, damaged, or encrypted with another key */
  read(storagePath: string): Promise<Buffer>
  /** Removes a file; one that is not there is removed already. */
  remove(storagePath: string): Promise<void>
}

/** Two letters of a random name as the folder, so that none gets too many files: `k3/k3v9….cv`. */
const storagePathPattern = /^([a-z0-9]{2})\/\1[a-z0-9]{22}\.cv$/

/** A new random path; 24 characters of base 36, so two never meet. */
export function newStoragePath(): string {
  const alphabet = 'abcdefghijklmnopqrstuvwxyz0123456789'
  // 252 is the largest multiple of 36 in a byte: what lies above would make some letters likelier.
  const letters = [...randomBytes(64)].filter((byte) => byte < 252).map((byte) => alphabet[byte % 36])
  return storagePathOf(letters.slice(0, 24).join(''))
}

/** The path of a file whose name (24 characters a–z, 0–9) is given. */
export function storagePathOf(name: string): string {
  return `${name.slice(0, 2)}/${name}.cv`
}

/** The absolute path of a CV's file; null for a storage path that the app never makes. */
export function locateCv(folder: string, storagePath: string): string | null {
  return storagePathPattern.test(storagePath) ? join(/*turbopackIgnore: true*/ folder, storagePath) : null
}

export function createCvStore({ folder, key }: CvStoreOptions): CvStore {
  return {
    write: async (storagePath, plaintext) => {
      const path = locate(folder, storagePath)
      await writeAtomically(path, sealCv(plaintext, key, storagePath))
    },
    read: async (storagePath) => {
      const path = locate(folder, storagePath)
      const file = await readFile(path).catch((cause: NodeJS.ErrnoException) => {
        const message = cause.code === 'ENOENT' ? 'The file of the CV is missing.' : 'The file of the CV cannot be read.'
        throw unreadable(
          storagePath,
          message,
          'Restore it from a backup of the CV folder, and check that CV_DATA_DIR names that folder.',
          cause,
        )
      })
      return openCv(file, key, storagePath)
    },
    remove: async (storagePath) => {
      await rm(locate(folder, storagePath), { force: true })
    },
  }
}

/** Only paths of our own form are ever joined to the folder: nothing can lead out of it, whatever a row says. */
function locate(folder: string, storagePath: string): string {
  const path = locateCv(folder, storagePath)
  if (path !== null) return path
  throw unreadable(
    'a CV',
    'The stored path of the CV is not one that the app makes.',
    'Restore the row of this CV from a backup of the database.',
  )
}

/** Temporary file, fsync, rename, fsync of the folder: after a power cut there is the whole file or none. */
async function writeAtomically(path: string, content: Buffer): Promise<void> {
  const folder = dirname(path)
  const temporary = `${path}.${randomBytes(6).toString('hex')}.tmp`
  try {
    await mkdir(folder, { recursive: true, mode: 0o700 })
    const file = await open(temporary, 'wx', 0o600)
    try {
      await file.writeFile(content)
      await file.sync()
    } finally {
      await file.close()
    }
    await rename(temporary, path)
    await syncFolder(folder)
  } catch (cause) {
    await rm(temporary, { force: true }).catch(() => undefined)
    if ((cause as NodeJS.ErrnoException).code !== 'ENOSPC') throw cause
    throw new AppError({
      code: 'LOCAL_DISK_FULL',
      operation: 'write CV',
      message: 'The disk of the CV folder is full. Nothing was saved.',
      hint: 'Free some space, then try again.',
      retryable: true,
      cause,
    })
  }
}
