import { createHash } from 'node:crypto'
import { createReadStream } from 'node:fs'
import { mkdir, rename, rm, stat, writeFile } from 'node:fs/promises'
import { basename, extname, join } from 'node:path'
import { z } from 'zod'
import { runAside } from '@/lib/sqlite/run-aside'
import { checkIntegrity } from '../check-integrity'

export interface ArchivedFile {
  readonly path: string
  readonly sizeBytes: number
  /** SHA-256 of the file, hexadecimal. */
  readonly sha256: string
}

const copyAnswer = z.array(z.object({ isCompared: z.boolean() }))

/**
 * Copies a SQLite file, with what its WAL holds, into a folder under a name with the date, `app-2026-11-22T1830Z.db`, and checks
 * the copy: byte by byte against the file, or by its integrity where part of it lay in the WAL. Readable by its owner alone.
 * The name is taken only by a whole file.
 *
 * @throws AppError LOCAL_DISK_FULL, SOURCE_*, CANCELLED; the part file is removed
 */
export async function archiveFile(sourcePath: string, folder: string, at: Date, signal: AbortSignal): Promise<ArchivedFile> {
  await mkdir(folder, { recursive: true, mode: 0o700 })
  const moment = `${at.toISOString().slice(0, 10)}T${at.toISOString().slice(11, 16).replace(':', '')}Z`
  const extension = extname(sourcePath)
  const path = join(folder, `${basename(sourcePath, extension)}-${moment}${extension || '.db'}`)
  const part = `${path}.part`
  const removePart = async () => {
    for (const suffix of ['', '-journal', '-wal', '-shm']) await rm(`${part}${suffix}`, { force: true })
  }
  await removePart()
  try {
    // There before SQLite writes to it, so that nobody else can read it at any moment.
    await writeFile(part, '', { mode: 0o600 })
    const [copied] = copyAnswer.parse(await runAside({ path: sourcePath, copyTo: part }, signal))
    if (!copied?.isCompared) await checkIntegrity(part, signal)
    const sha256 = await digestOf(part)
    await rename(part, path)
    return { path, sizeBytes: (await stat(path)).size, sha256 }
  } catch (error) {
    await removePart()
    throw error
  }
}

async function digestOf(path: string): Promise<string> {
  const digest = createHash('sha256')
  for await (const piece of createReadStream(path)) digest.update(piece)
  return digest.digest('hex')
}
