import { reportError } from '@/lib/core/errors'
import type { BackupCatalogue } from '../backup-catalogue'
import { getBackup } from '../backup-catalogue'
import { forgetCopy } from './copy-catalogue'
import { type DestinationSetup, openDestination } from './destination-store'

/**
 * Removes a backup from every destination that has it. Call it under the backups' lease. A destination that does not answer
 * ends it: what is still there is still noted. A destination that was removed keeps what lies there.
 *
 * @throws AppError NOT_FOUND, DESTINATION_FAILED
 */
export async function removeCopies(setup: BackupCatalogue & DestinationSetup, id: string, signal: AbortSignal): Promise<void> {
  for (const { destinationId, key, status } of (await getBackup(setup, id)).copies) {
    if (status !== 'failed') await removeCopy(setup, { backupId: id, destinationId }, key, signal)
  }
}

/** Removes one copy, then its note. @throws AppError DESTINATION_FAILED */
export async function removeCopy(
  setup: DestinationSetup,
  place: { readonly backupId: string; readonly destinationId: string },
  key: string,
  signal: AbortSignal,
): Promise<void> {
  try {
    const storage = await openDestination(setup, place.destinationId)
    try {
      await storage.remove(key, signal)
    } finally {
      storage.close()
    }
  } catch (error) {
    if (reportError(error).code !== 'NOT_FOUND') throw error
  }
  await forgetCopy(setup.store, place)
}
