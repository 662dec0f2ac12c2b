import { z } from 'zod'
import type { SessionUser } from '@/lib/auth/roles'
import { getBackup } from '@/lib/backup/backup-catalogue'
import { getDestination } from '@/lib/backup/destinations/destination-store'
import type { ArchiveOrigin } from '@/lib/backup/foreign/import-archive'
import { getUpload } from '@/lib/backup/foreign/quarantine'
import { sealSecret } from '@/lib/control/secrets'
import type { JobView } from '@/lib/jobs/job'
import { enqueueJob } from '@/lib/jobs/job-queue'
import { typedKeySchema } from './backup-requests'
import type { Container } from './container'

/** What the check of an archive from elsewhere takes: the key that somebody typed, or none. */
export const importBodySchema = z.object({ key: typedKeySchema.nullable().default(null) })

/** Queues a copy of a backup. @throws AppError NOT_FOUND, LEASE_HELD */
export async function requestCopy(
  { control, backups }: Container,
  user: SessionUser,
  backupId: string,
  destinationIds: readonly string[] | null,
): Promise<JobView> {
  await getBackup(backups, backupId)
  for (const id of destinationIds ?? []) await getDestination(control, id)
  const payload = { backupId, destinationIds: destinationIds === null ? null : [...destinationIds] }
  return enqueueJob(control, { kind: 'copy', payload, requestedBy: user.email })
}

/** Queues the check of an archive from elsewhere; the key, when one was given, lies sealed in the job. @throws AppError NOT_FOUND, LEASE_HELD */
export async function requestImport(
  { control, backups, environment }: Container,
  user: SessionUser,
  origin: ArchiveOrigin,
  key: string | null,
): Promise<JobView> {
  if (origin.kind === 'upload') await getUpload(backups.folder, origin.uploadId)
  else await getDestination(control, origin.destinationId)
  const sealedKey = key === null ? null : sealSecret(key.trim(), environment.nextAuthSecret)
  return enqueueJob(control, { kind: 'import', payload: { origin, sealedKey }, requestedBy: user.email })
}
