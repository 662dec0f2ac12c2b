import { rename, rm, stat, writeFile } from 'node:fs/promises'
import { join } from 'node:path'
import { z } from 'zod'
import { AppError } from '@/lib/core/errors'
import { runAside } from '@/lib/sqlite/run-aside'
import { checkIntegrity } from './check-integrity'
import { diskFull } from './check-source'

export interface SafetyCopy {
  readonly path: string
  readonly sizeBytes: number
}

const copyAnswer = z.array(z.object({ isCompared: z.boolean() }))

/** Where the safety copy of a job stands. */
export function safetyCopyPath(workDir: string, jobId: string): string {
  return join(workDir, `safety-copy-${jobId.replace(/[^\w-]/g, '_')}.db`)
}

/**
 * Writes the whole database, as it is at one moment, into a file of its own, and checks the result: byte by byte against
 * the source, whose integrity the checks have seen; or by its own integrity where part of the source lies in a -wal file.
 * It is the source of the copy and a safety copy in one; readable by its owner alone. The name is taken only by a whole
 * file: until then it ends in `.part`.
 *
 * Page by page instead of VACUUM INTO: 432 MB took 9.6 s there, most of it for checking a file that is new throughout.
 *
 * @throws AppError LOCAL_DISK_FULL, SOURCE_*, CANCELLED; the part file is removed
 */
export async function writeSafetyCopy(sourcePath: string, workDir: string, jobId: string, signal: AbortSignal): Promise<SafetyCopy> {
  const path = safetyCopyPath(workDir, jobId)
  const part = `${path}.part`
  await removeSafetyCopy(workDir, jobId)
  try {
    // There before SQLite writes to it, so that nobody else can read it at any moment.
    await writeFile(part, '', { mode: 0o600 })
    const [copied] = copyAnswer.parse(await runAside({ path: sourcePath, copyTo: part }, signal))
    if (!copied?.isCompared) await checkIntegrity(part, signal)
    await rename(part, path)
    return { path, sizeBytes: (await stat(path)).size }
  } catch (error) {
    await removeSafetyCopy(workDir, jobId)
    if (error instanceof AppError && error.code === 'LOCAL_DISK_FULL') throw diskFull(workDir, (await stat(sourcePath)).size, error)
    throw error
  }
}

/** Removes the safety copy of a job, whole or in part. Safe to repeat. */
export async function removeSafetyCopy(workDir: string, jobId: string): Promise<void> {
  const path = safetyCopyPath(workDir, jobId)
  for (const suffix of ['', '.part', '.part-journal', '-journal', '-wal', '-shm']) await rm(`${path}${suffix}`, { force: true })
}
