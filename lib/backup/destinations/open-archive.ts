import { AppError } from '@/lib/core/errors'
import { archivePath, type BackupCatalogue } from '../backup-catalogue'
import type { BackupView } from '../backup-view'
import type { ArchivePlace, ArchiveStream } from './archive-place'
import { type DestinationSetup, openDestination } from './destination-store'

/**
 * Where to read a backup from: the file in the folder of the archives, or else the first copy that is there; or the copy
 * that was asked for.
 *
 * @param from id of a destination; null: the nearest
 * @throws AppError NOT_FOUND when there is no such copy, DESTINATION_FAILED
 */
export async function openArchive(
  setup: BackupCatalogue & DestinationSetup,
  backup: BackupView,
  from: string | null,
  signal: AbortSignal,
): Promise<ArchivePlace> {
  if (from === null && backup.present) return archivePath(setup, backup)
  const copies = backup.copies.filter((copy) => copy.status === 'uploaded' && (from === null || copy.destinationId === from))
  let problem: unknown
  for (const { destinationId, key } of copies) {
    try {
      return await openCopy(setup, destinationId, key, signal)
    } catch (error) {
      problem = error
    }
  }
  throw problem ?? absent(backup.id)
}

/** An archive at a destination by its key there. @throws AppError NOT_FOUND, DESTINATION_FAILED */
export async function openCopy(setup: DestinationSetup, destinationId: string, key: string, signal: AbortSignal): Promise<ArchiveStream> {
  const storage = await openDestination(setup, destinationId)
  try {
    const sizeBytes = await storage.sizeOf(key, signal)
    if (sizeBytes === null) throw absent(key)
    return {
      destinationId,
      label: key,
      sizeBytes,
      open: (readSignal, range) => storage.get(key, readSignal, range),
      close: () => storage.close(),
    }
  } catch (error) {
    storage.close()
    throw error
  }
}

function absent(subject: string): AppError {
  return new AppError({
    code: 'NOT_FOUND',
    operation: 'open a backup',
    subject,
    message: 'The archive of this backup is not there.',
    hint: 'Look whether it was moved or deleted by hand; use another backup.',
  })
}
