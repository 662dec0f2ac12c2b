import { z } from 'zod'
import { type BackupView, backupViewSchema, isReachable, newestFirst } from './backup-view'

/**
 * "Could I recover now?" as one answer.
 *
 *   yes          a backup that was restored for a trial is there, and this server has its key (or it needs none)
 *   with-key     the same, but its private key is with people: whoever has the recovery kit can
 *   old          yes or with-key, but older than it should be
 *   untested     there is an archive, but none was ever restored
 *   no           there is none
 */
export const recoveryStates = ['yes', 'with-key', 'old', 'untested', 'no'] as const

export const recoverabilitySchema = z.object({
  state: z.enum(recoveryStates),
  /** The one that would be used. */
  backup: backupViewSchema
    .pick({ id: true, createdAt: true, sizeBytes: true, keyKnown: true, fileName: true, present: true })
    .extend({
      encrypted: z.boolean(),
      /** Destinations where it lies as well, or alone. */
      copies: z.number().int().nonnegative(),
    })
    .nullable(),
  /** The last attempt that came to nothing, when nothing good came after it. */
  failedSince: z.iso.datetime().nullable(),
})
export type Recoverability = z.infer<typeof recoverabilitySchema>

/** A backup older than this is old, in milliseconds: two days, so that one missed night does not cry. */
export const oldAfterMs = 48 * 60 * 60 * 1000

/** Looks at the catalogue. */
export function couldRecover(backups: readonly BackupView[], now: Date): Recoverability {
  const ordered = newestFirst(backups, now)
  const there = ordered.filter((backup) => backup.status === 'written' && isReachable(backup) && !backup.foreign)
  const tested = there.find((backup) => backup.trial?.status === 'passed')
  const newest = tested ?? there.find((backup) => backup.trial?.status !== 'failed') ?? null
  const newestBad = ordered.find((backup) => backup.status === 'failed' || backup.trial?.status === 'failed')
  const failedSince = newestBad && (!newest || ordered.indexOf(newestBad) < ordered.indexOf(newest)) ? newestBad.createdAt : null
  const backup = newest && {
    id: newest.id,
    createdAt: newest.createdAt,
    sizeBytes: newest.sizeBytes,
    keyKnown: newest.keyKnown,
    fileName: newest.fileName,
    present: newest.present,
    encrypted: newest.encryption.kind !== 'none',
    copies: newest.copies.filter(({ status }) => status === 'uploaded').length,
  }
  return { state: stateOf(tested, newest, now), backup, failedSince }
}

function stateOf(tested: BackupView | undefined, newest: BackupView | null, now: Date): Recoverability['state'] {
  if (!tested) return newest ? 'untested' : 'no'
  if (now.getTime() - Date.parse(tested.createdAt) > oldAfterMs) return 'old'
  return tested.keyKnown ? 'yes' : 'with-key'
}
