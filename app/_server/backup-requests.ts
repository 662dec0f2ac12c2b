import { z } from 'zod'
import type { SessionUser } from '@/lib/auth/roles'
import { getBackup } from '@/lib/backup/backup-catalogue'
import { type RestoreParts, requireTrusted } from '@/lib/backup/restore-plan'
import { readActiveDatabase } from '@/lib/control/active-database'
import { sealSecret } from '@/lib/control/secrets'
import type { JobView } from '@/lib/jobs/job'
import { enqueueJob } from '@/lib/jobs/job-queue'
import { requireStateFor } from '@/lib/jobs/preconditions'
import type { Container } from './container'

/** What POST /api/backups takes. */
export const backupRequestSchema = z.object({
  includeEnvironment: z.boolean().default(false),
  format: z.enum(['auto', 'custom', 'plain', 'portable']).default('auto'),
})
export type BackupRequestBody = z.infer<typeof backupRequestSchema>

/** A passphrase or a private key, as somebody typed it. */
export const typedKeySchema = z.string().min(1).max(10_000)

/** Queues a backup. @throws AppError LEASE_HELD while another one waits or runs */
export function requestBackup({ control }: Container, user: SessionUser, body: BackupRequestBody): Promise<JobView> {
  const payload = { ...body, trial: true, origin: 'manual' as const }
  return enqueueJob(control, { kind: 'backup', payload, requestedBy: user.email })
}

/** Queues a trial restore; the key, when one was given, lies sealed in the job. @throws AppError NOT_FOUND, STATE_CONFLICT, LEASE_HELD */
export async function requestTrial(
  container: Container,
  user: SessionUser,
  id: string,
  key: string | null,
  from: string | null,
): Promise<JobView> {
  const { control, backups, environment } = container
  requireTrusted(await getBackup(backups, id), 'try a backup')
  const sealedKey = key === null ? null : sealSecret(key, environment.nextAuthSecret)
  return enqueueJob(control, { kind: 'trial', payload: { backupId: id, sealedKey, from }, requestedBy: user.email })
}

/** Queues a restore, if the app is in a state for it. @throws AppError STATE_CONFLICT, NOT_FOUND, LEASE_HELD */
export async function requestRestore(
  container: Container,
  user: SessionUser,
  id: string,
  { parts, key, from }: { readonly parts: RestoreParts; readonly key: string | null; readonly from: string | null },
): Promise<JobView> {
  const { control, backups, environment } = container
  requireStateFor('restore', (await readActiveDatabase(control)).state)
  requireTrusted(await getBackup(backups, id), 'restore a backup')
  const sealedKey = key === null ? null : sealSecret(key, environment.nextAuthSecret)
  return enqueueJob(control, { kind: 'restore', payload: { backupId: id, parts, sealedKey, from }, requestedBy: user.email })
}
