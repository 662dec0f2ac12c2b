import { join } from 'node:path'
import { type BackupView, isReachable } from '@/lib/backup/backup-view'
import type { ProgressEvent } from '@/lib/core/progress'

/** One backup as `--json` answers it. */
export function resultOf(backup: BackupView, folder: string) {
  return {
    status: backup.status,
    id: backup.id,
    path: backup.fileName === null ? null : join(folder, backup.fileName),
    sizeBytes: backup.sizeBytes,
    sha256: backup.sha256,
    engine: backup.engine,
    format: backup.format,
    encrypted: backup.encryption.kind !== 'none',
    restoreTested: backup.trial?.status === 'passed',
    createdAt: backup.createdAt,
    origin: backup.origin,
    locked: backup.locked,
    present: backup.present,
    tables: backup.manifest?.database.tables ?? [],
    files: backup.manifest?.files.count ?? 0,
    fileProblems: backup.manifest?.files.problemCount ?? 0,
    trial: backup.trial,
    foreign: backup.foreign,
    copies: backup.copies.map(({ destinationId, name, status, key, error }) => ({ destinationId, name, status, key, error })),
    error: backup.error,
  }
}

/** The list for people: one line a backup. */
export function backupTable(backups: readonly BackupView[]): readonly string[] {
  if (backups.length === 0) return ['There are no backups yet: npm run backup -- create']
  return backups.map((backup) => {
    const state = stateOf(backup)
    const size = backup.sizeBytes === null ? '-' : `${(backup.sizeBytes / 1_000_000).toFixed(1)} MB`
    return [
      backup.id,
      state.padEnd(12),
      size.padStart(11),
      backup.engine.padEnd(10),
      (backup.encryption.kind === 'none' ? 'clear' : 'encrypted').padEnd(9),
      placesOf(backup),
    ].join('  ')
  })
}

/** Where the archive is: here, and at which destinations. */
export function placesOf({ present, copies }: BackupView): string {
  const elsewhere = copies.map(({ name, status }) => `${name ?? 'removed destination'}${status === 'uploaded' ? '' : ` (${status})`}`)
  return [...(present ? ['here'] : []), ...elsewhere].join(', ')
}

function stateOf(backup: BackupView): string {
  if (backup.status === 'failed') return 'failed'
  if (backup.foreign) return 'not trusted'
  return isReachable(backup) ? (backup.trial?.status ?? 'not tried') : 'file is gone'
}

/** Phases and log lines on standard error. */
export function printBackupEvent(event: ProgressEvent): void {
  if (event.type === 'log') console.error(event.message)
  if (event.type === 'phase' && event.status === 'succeeded')
    console.error(`${event.phase}: done in ${Math.round(event.elapsedMs ?? 0)} ms`)
}
