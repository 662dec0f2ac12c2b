/**
 * Makes a backup in a process of its own that kills itself (SIGKILL) when its upload has begun, or, with "wait", is killed by
 * whoever started it. Arguments: folder, SQLite file, "wait" or nothing.
 */
import { join } from 'node:path'
import { openControlStore } from '@/lib/control/control-store'
import { createTestBackupSetup } from '@/tests/support/backup-source'
import { makeBackup } from '../make-backup'

const [folder = '', sqlitePath = '', waits] = process.argv.slice(2)
const store = await openControlStore(join(folder, 'control.db'))
const setup = createTestBackupSetup(folder, store, sqlitePath)
const wish = { origin: 'manual', requestedBy: 'test', jobId: null, holder: 'killed process', trial: false } as const
void makeBackup(setup, wish, () => undefined, new AbortController().signal)
// The note that an upload has begun is the moment: from here a part may be at the destination.
for (;;) {
  if (!waits && (await store.read.backupCopy.count({ where: { status: 'uploading' } })) > 0) process.kill(process.pid, 'SIGKILL')
  await new Promise((resolve) => setImmediate(resolve))
}
