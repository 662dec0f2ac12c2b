import { chmod, rename, rm, stat } from 'node:fs/promises'
import { join } from 'node:path'
import { AppError } from '@/lib/core/errors'
import { safeSql } from '@/lib/core/quoted-name'
import { runAside } from '@/lib/sqlite/run-aside'
import { checkIntegrity, diskFull } from './check-source'

export interface SafetyCopy {
  readonly path: string
  readonly sizeBytes: number
}

/** Where the safety copy of a job stands. */
export function safetyCopyPath(workDir: string, jobId: string): string {
  return join(workDir, `safety-copy-${jobId.replace(/[^\w-]/g, '_')}.db`)
}

/**
 * Writes the whole database, as it is at one moment, into a file of its own with VACUUM INTO, and checks the result.
 * It is the source of the copy and a safety copy in one; readable by its owner alone. The name is taken only by a whole
 * file: until then it ends in `.part`.
 *
 * VACUUM gives new rowids to tables without an INTEGER PRIMARY KEY, so rowids of the copy are never compared with the source's.
 *
 * @throws AppError LOCAL_DISK_FULL, SOURCE_*, CANCELLED; the part file is removed
 */
export async function writeSafetyCopy(sourcePath: string, workDir: string, jobId: string, signal: AbortSignal): Promise<SafetyCopy> {
  const path = safetyCopyPath(workDir, jobId)
  const part = `${path}.part`
  await removeSafetyCopy(workDir, jobId)
  try {
    await runAside({ path: sourcePath, readonly: true, sql: safeSql`VACUUM INTO ?`, params: [part] }, signal)
    await chmod(part, 0o600)
    await checkIntegrity(part, signal)
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
