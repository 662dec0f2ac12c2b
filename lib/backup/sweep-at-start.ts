import { withLease } from '@/lib/control/lease'
import { reportError } from '@/lib/core/errors'
import { sweepCopies } from './destinations/copy-backup'
import { listUnfinishedCopies } from './destinations/copy-catalogue'
import { type BackupSetup, backupsLease } from './make-backup'

/**
 * Gives up the uploads of a process that was killed, so that nobody pays for parts until the next backup. Nothing happens
 * where none is marked, or while another process is at work with backups. Answers how many were cleared.
 */
export async function sweepUploadsAtStart(setup: BackupSetup, holder: string, signal: AbortSignal): Promise<number> {
  if ((await listUnfinishedCopies(setup.store)).length === 0) return 0
  try {
    const lease = { name: backupsLease, holder, purpose: 'clearing of unfinished uploads' }
    return await withLease(setup.store, lease, signal, (held) => sweepCopies(setup, held))
  } catch (error) {
    if (reportError(error).code === 'LEASE_HELD') return 0
    throw error
  }
}
