import { type BackupView, isReachable } from '@/lib/backup/backup-view'
import type { RestorePreview } from '@/lib/backup/restore-plan'

/** Why a backup cannot be gone back to here; null when it can. */
export type Hindrance = 'untrusted' | 'trial-failed' | null

export interface RestorePoint {
  readonly backup: BackupView
  readonly hindrance: Hindrance
}

/** Restore points shown at first. */
export const shownPoints = 6

/** The backups whose archive is there, newest first, each with what stands in the way. Pure. */
export function listRestorePoints(backups: readonly BackupView[]): readonly RestorePoint[] {
  return backups
    .filter((backup) => backup.status === 'written' && isReachable(backup))
    .toSorted((left, right) => (left.createdAt < right.createdAt ? 1 : -1))
    .map((backup) => ({ backup, hindrance: hindranceOf(backup) }))
}

function hindranceOf({ foreign, trial }: BackupView): Hindrance {
  if (foreign) return 'untrusted'
  return trial?.status === 'failed' ? 'trial-failed' : null
}

export interface Loss {
  /** Rows that there are now and were not then, net of each table. */
  readonly fewer: number
  /** Rows that there were then and are not now. */
  readonly more: number
  /** Tables whose number of rows would be another. */
  readonly tables: number
  /** Tables whose rows could not be counted on one of the two sides. */
  readonly unknown: number
}

/** What the numbers of rows say that going back to a backup takes and brings. Pure. */
export function lossOf({ tables }: Pick<RestorePreview, 'tables'>): Loss {
  const loss = { fewer: 0, more: 0, tables: 0, unknown: 0 }
  for (const { archiveRows, presentRows } of tables) {
    if (archiveRows === null && presentRows === null) loss.unknown += 1
    const change = (archiveRows ?? 0) - (presentRows ?? 0)
    if (change !== 0) loss.tables += 1
    if (change < 0) loss.fewer -= change
    else loss.more += change
  }
  return loss
}
