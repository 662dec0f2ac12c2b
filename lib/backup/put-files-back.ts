import { createHash } from 'node:crypto'
import { createReadStream } from 'node:fs'
import { copyFile, link, mkdir, rename, rm } from 'node:fs/promises'
import { dirname, join } from 'node:path'
import { pipeline } from 'node:stream/promises'
import { throwIfAborted } from '@/lib/core/abort'
import { locateCv } from '@/lib/cv/cv-store'
import { filesPrefix, type Manifest } from './manifest'

export interface PutFilesBackOptions {
  /** Staged files, each checked against the manifest. */
  readonly from: string
  /** The app's folder of encrypted files. */
  readonly to: string
  readonly manifest: Manifest
  readonly signal: AbortSignal
}

/**
 * Brings every file of an archive into the app's folder: one that is there with the same content stays, one that is missing
 * or differs is put there by a rename. Nothing is removed. Safe to repeat. Answers how many were put back.
 */
export async function putFilesBack({ from, to, manifest, signal }: PutFilesBackOptions): Promise<number> {
  let count = 0
  for (const { name, sha256 } of manifest.members) {
    if (!name.startsWith(filesPrefix)) continue
    throwIfAborted(signal)
    const storagePath = name.slice(filesPrefix.length)
    const target = locateCv(to, storagePath)
    if (target === null || (await digestOf(target)) === sha256) continue
    await mkdir(dirname(target), { recursive: true, mode: 0o700 })
    const temporary = `${target}.restoring`
    await rm(temporary, { force: true })
    const source = join(from, storagePath)
    try {
      await link(source, temporary).catch(() => copyFile(source, temporary))
      await rename(temporary, target)
    } catch (error) {
      await rm(temporary, { force: true })
      throw error
    }
    count += 1
  }
  return count
}

async function digestOf(path: string): Promise<string | null> {
  const hash = createHash('sha256')
  try {
    await pipeline(createReadStream(path), hash)
    return hash.digest('hex')
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code === 'ENOENT') return null
    throw error
  }
}
