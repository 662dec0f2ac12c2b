/**
 * Makes or restores a backup in a process of its own that kills itself (SIGKILL) at the beginning of a phase.
 * Arguments: folder, SQLite file or PostgreSQL URL, phase, id of the backup to restore or nothing.
 */
import { join } from 'node:path'
import { openControlStore } from '@/lib/control/control-store'
import type { ProgressEvent } from '@/lib/core/progress'
import { createTestBackupSetup } from '@/tests/support/backup-source'
import { type BackupSetup, makeBackup } from '../make-backup'
import { restoreBackup } from '../restore-backup'

const [folder = '', database = '', phase = '', backupId] = process.argv.slice(2)
const store = await openControlStore(join(folder, 'control.db'))
const base = createTestBackupSetup(folder, store, database)
const setup: BackupSetup = database.startsWith('postgres')
  ? { ...base, source: async () => ({ engine: 'postgresql', url: database }) }
  : base
const never = new AbortController().signal
const killIn = (event: ProgressEvent) => {
  if (event.type === 'phase' && event.phase === phase && event.status === 'started') process.kill(process.pid, 'SIGKILL')
}
const common = { requestedBy: 'test', jobId: null, holder: 'killed process' } as const
if (backupId === undefined) await makeBackup(setup, { ...common, origin: 'manual' }, killIn, never)
else await restoreBackup(setup, { ...common, id: backupId, parts: 'all' }, killIn, never)
