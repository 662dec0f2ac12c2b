import { reportError } from '@/lib/core/errors'
import type { Report } from '@/lib/core/progress'
import { archivePath, type BackupCatalogue, getBackup } from '../backup-catalogue'
import { createByteProgress } from '../byte-progress'
import { runPhase } from '../run-phases'
import { forgetCopy, listUnfinishedCopies, noteCopyFailed, noteUploaded, noteUploading } from './copy-catalogue'
import { type DestinationSetup, listDestinations, openDestination } from './destination-store'

export type CopySetup = BackupCatalogue & DestinationSetup

/** How the copy at one destination came out. */
export interface CopyOutcome {
  readonly destinationId: string
  readonly name: string
  readonly status: 'uploaded' | 'failed'
  /** Why it failed; null when it did not. */
  readonly problem: string | null
}

/** Name of the phase in which copies are sent. */
export const copyPhase = 'copies'

/**
 * Copies an archive to destinations, one after another, each on its own: one that fails is noted and spoils nothing for the
 * others. Those that have it already are passed over. Call it under the backups' lease.
 *
 * @param only ids of destinations; null: all that are enabled
 * @throws AppError CANCELLED (the copy under way is taken back, earlier ones stay), NOT_FOUND
 */
export async function copyBackup(
  setup: CopySetup,
  id: string,
  only: readonly string[] | null,
  actor: string,
  report: Report,
  signal: AbortSignal,
): Promise<readonly CopyOutcome[]> {
  const destinations = (await listDestinations(setup.store)).filter((known) => (only === null ? known.enabled : only.includes(known.id)))
  const backup = await getBackup(setup, id)
  const due = destinations.filter(
    ({ id: destinationId }) => !backup.copies.some((copy) => copy.destinationId === destinationId && copy.status === 'uploaded'),
  )
  if (due.length === 0) return []
  const path = archivePath(setup, backup)
  const { fileName, sizeBytes, sha256 } = backup
  if (fileName === null || sizeBytes === null || sha256 === null) throw new Error('A whole backup has a name, a size and a sum.')
  return runPhase(copyPhase, report, signal, async () => {
    const outcomes: CopyOutcome[] = []
    const progress = createByteProgress(copyPhase, sizeBytes * due.length, report)
    for (const [index, { id: destinationId, name }] of due.entries()) {
      const place = { backupId: id, destinationId }
      const onProgress = (bytes: number) => progress.update(sizeBytes * index + bytes)
      await noteUploading(setup.store, place, fileName)
      try {
        const storage = await openDestination(setup, destinationId)
        try {
          await storage.put({ key: fileName, path, sizeBytes, sha256, onProgress, signal })
        } finally {
          storage.close()
        }
        await noteUploaded(setup.store, place, sizeBytes, actor, name)
        outcomes.push({ destinationId, name, status: 'uploaded', problem: null })
        report({ type: 'log', level: 'info', message: `Copied to ${name}.` })
      } catch (error) {
        if (signal.aborted) {
          await takeBack(setup, place, fileName)
          throw error
        }
        const failure = reportError(error)
        await noteCopyFailed(setup.store, place, failure)
        outcomes.push({ destinationId, name, status: 'failed', problem: failure.message })
        report({ type: 'log', level: 'error', message: `Not copied to ${name}: ${failure.message}` })
      }
    }
    progress.finish()
    const failed = outcomes.filter(({ status }) => status === 'failed').length
    return { result: outcomes, facts: { uploaded: outcomes.length - failed, failed } }
  })
}

/**
 * Takes away what killed copies left at their destinations: unfinished parts, and objects that nobody compared. Call it under
 * the backups' lease: whatever is marked as being sent then is nobody's. A destination that does not answer is tried again
 * next time. Answers how many were cleared.
 */
export async function sweepCopies(setup: CopySetup, signal: AbortSignal): Promise<number> {
  let cleared = 0
  for (const { backupId, destinationId, key } of await listUnfinishedCopies(setup.store)) {
    if (signal.aborted) break
    if (await takeBack(setup, { backupId, destinationId }, key)) cleared += 1
  }
  return cleared
}

/** @returns false when the destination could not be reached; the mark stays then, and the next sweep tries again */
async function takeBack(setup: CopySetup, place: { backupId: string; destinationId: string }, key: string): Promise<boolean> {
  try {
    const storage = await openDestination(setup, place.destinationId)
    try {
      await storage.sweep(key, AbortSignal.timeout(takeBackLimitMs))
    } finally {
      storage.close()
    }
  } catch (error) {
    if (reportError(error).code !== 'NOT_FOUND') return false
  }
  await forgetCopy(setup.store, place)
  return true
}

/** How long clearing up may take, in milliseconds; whoever cancelled is waiting for it. */
const takeBackLimitMs = 20_000
