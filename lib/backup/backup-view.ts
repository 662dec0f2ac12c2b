import { z } from 'zod'
import { copyViewSchema } from './destinations/copy-view'
import { databaseFormats, manifestSummarySchema } from './manifest'

/** What is known of a backup, as it is kept in the catalogue and goes over the wire. A contract file. */

/** passed: restored and counted. failed: it could not be, or came out different. impossible: there was no place to try it. */
export const trialSchema = z.object({
  status: z.enum(['passed', 'failed', 'impossible']),
  at: z.iso.datetime(),
  elapsedMs: z.number().nonnegative(),
  /** Where it was restored to, for people. */
  place: z.string(),
  tables: z.number().int().nonnegative(),
  rows: z.number().int().nonnegative(),
  /** Files that were decrypted for the trial. */
  filesOpened: z.number().int().nonnegative(),
  /** Why it did not pass. */
  problem: z.string().nullable(),
})
export type Trial = z.infer<typeof trialSchema>

/** How an archive is encrypted: with which of our keys, or for which recipients. Never a secret. */
export const archiveEncryptionSchema = z.discriminatedUnion('kind', [
  z.object({ kind: z.literal('none') }),
  /** keyId names the passphrase among those that this server knows; null for one that it does not keep. */
  z.object({ kind: z.literal('passphrase'), keyId: z.string().nullable() }),
  z.object({ kind: z.literal('recipients'), recipients: z.array(z.string()) }),
])
export type ArchiveEncryption = z.infer<typeof archiveEncryptionSchema>

/** manual: somebody asked. scheduled: the worker by its schedule. safety: before a restore. upload: from elsewhere. */
export const origins = ['manual', 'scheduled', 'command-line', 'safety', 'upload'] as const
export type BackupOrigin = (typeof origins)[number]

export const backupErrorSchema = z.object({ code: z.string(), message: z.string(), hint: z.string().optional() })

export const backupViewSchema = z.object({
  id: z.string(),
  origin: z.enum(origins),
  /** written: the archive is whole and on the disk. failed: there is no archive. */
  status: z.enum(['written', 'failed']),
  createdAt: z.iso.datetime(),
  finishedAt: z.iso.datetime(),
  requestedBy: z.string(),
  jobId: z.string().nullable(),
  /** Null for one that failed. */
  fileName: z.string().nullable(),
  sizeBytes: z.number().nonnegative().nullable(),
  sha256: z.string().nullable(),
  engine: z.enum(['sqlite', 'postgresql']),
  format: z.enum(databaseFormats).nullable(),
  encryption: archiveEncryptionSchema,
  /** Whether this server holds a key that opens it; true for one that is not encrypted. */
  keyKnown: z.boolean(),
  /** Never deleted by retention. */
  locked: z.boolean(),
  /** From elsewhere: restored only after a typed confirmation. */
  foreign: z.boolean(),
  manifest: manifestSummarySchema.nullable(),
  trial: trialSchema.nullable(),
  error: backupErrorSchema.nullable(),
  /** False when the file is no longer in the folder of the archives. */
  present: z.boolean(),
  /** Where else it is, or was to be. */
  copies: z.array(copyViewSchema),
})
export type BackupView = z.infer<typeof backupViewSchema>

/** A backup that was whole and has been deleted: what the calendar remembers of it. */
export const pastBackupSchema = z.object({
  id: z.string(),
  createdAt: z.iso.datetime(),
  deletedAt: z.iso.datetime(),
  /** Whether it had been restored for a trial. */
  tested: z.boolean(),
})
export type PastBackup = z.infer<typeof pastBackupSchema>

/** Whether there is an archive to read, here or at a destination. */
export function isReachable({ present, copies }: Pick<BackupView, 'present' | 'copies'>): boolean {
  return present || copies.some(({ status }) => status === 'uploaded')
}

/**
 * Newest first; but those that a clock which was ahead has dated in the future stand last, for nothing that is made from now on
 * would ever be newer, and a backup of today would count for nothing.
 */
export function newestFirst<T extends Pick<BackupView, 'createdAt'>>(backups: readonly T[], now: Date): readonly T[] {
  const at = now.toISOString()
  const rank = ({ createdAt }: T) => (createdAt > at ? 0 : 1)
  return [...backups].sort((a, b) => rank(b) - rank(a) || (a.createdAt < b.createdAt ? 1 : a.createdAt > b.createdAt ? -1 : 0))
}

/** The phases of a backup, in order; `copies` follows them where there are destinations. */
export const backupPhases = ['snapshot', 'stored-files', 'archive', 'trial'] as const
