import { type LeaseRequest, withLease } from '@/lib/control/lease'
import { reportError } from '@/lib/core/errors'
import { type BackupCatalogue, forgetBackup, getBackup, listBackups } from '../backup-catalogue'
import type { BackupView } from '../backup-view'
import { backupsLease } from '../make-backup'
import { planRetention } from '../retention'
import { type DestinationSetup, listDestinations } from './destination-store'
import { removeCopy } from './remove-copies'

export interface PrunedCopies {
  readonly removed: readonly { readonly id: string; readonly destination: string }[]
  /** What could not be done, a sentence for each destination. */
  readonly problems: readonly string[]
}

/** More than this many backups are not looked at in one go. */
const atMost = 20_000

/**
 * Deletes at each destination what its own rules let go, by the same rules as at home: never the newest good one there, nothing
 * locked, nothing while the latest backup failed. A destination without rules keeps everything; one that does not answer is
 * named and the others go on.
 *
 * @throws AppError LEASE_HELD
 */
export async function pruneCopies(setup: BackupCatalogue & DestinationSetup, holder: string, signal: AbortSignal): Promise<PrunedCopies> {
  const destinations = (await listDestinations(setup.store)).filter(({ retention }) => retention !== null)
  if (destinations.length === 0) return { removed: [], problems: [] }
  const lease: LeaseRequest = { name: backupsLease, holder, purpose: 'retention at the destinations' }
  return withLease(setup.store, lease, signal, async (held) => {
    const removed: { id: string; destination: string }[] = []
    const problems: string[] = []
    for (const { id: destinationId, name, retention } of destinations) {
      if (retention === null || held.aborted) continue
      // As if this destination were all there is; failed attempts stay in view, for they hold everything back.
      const there = (await listBackups(setup, atMost)).flatMap((backup): { backup: BackupView; key: string | null }[] => {
        const copy = backup.copies.find((known) => known.destinationId === destinationId && known.status === 'uploaded')
        if (copy) return [{ backup: { ...backup, present: true }, key: copy.key }]
        return backup.status === 'failed' ? [{ backup, key: null }] : []
      })
      const { remove } = planRetention(
        there.map(({ backup }) => backup),
        retention,
        setup.store.clock.now(),
      )
      try {
        for (const { backup, key } of [...there].reverse()) {
          if (key === null || !remove.includes(backup.id)) continue
          await removeCopy(setup, { backupId: backup.id, destinationId }, key, held)
          removed.push({ id: backup.id, destination: name })
          const { present, copies } = await getBackup(setup, backup.id)
          if (!present && !copies.some(({ status }) => status === 'uploaded')) await forgetBackup(setup, backup.id, holder, 'retention')
        }
      } catch (error) {
        problems.push(`${name}: ${reportError(error).message}`)
      }
    }
    return { removed, problems }
  })
}
