import { rm } from 'node:fs/promises'
import { join } from 'node:path'

/** The file that a live copy is compared with; gone when the comparison is done. */
export function proofPath(workDir: string, jobId: string): string {
  return join(workDir, `proof-${jobId.replace(/[^\w-]/g, '_')}.db`)
}

/** Removes that file, whole or in part. Safe to repeat. */
export async function removeProofFile(workDir: string, jobId: string): Promise<void> {
  for (const suffix of ['', '-journal', '-wal', '-shm']) await rm(`${proofPath(workDir, jobId)}${suffix}`, { force: true })
}
