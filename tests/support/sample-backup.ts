import type { BackupView, Trial } from '@/lib/backup/backup-view'

/** A trial that went well, at the beginning of time. */
export const passedTrial = {
  status: 'passed',
  at: '1970-01-01T00:00:00.000Z',
  elapsedMs: 1,
  place: '',
  tables: 1,
  rows: 1,
  filesOpened: 0,
  problem: null,
} as const satisfies Trial

/** A finished, tested backup that the schedule made, as the pages and rules see it; named by its moment unless `change` says otherwise. */
export function sampleBackup(at: Date, change: Partial<BackupView> = {}): BackupView {
  const moment = at.toISOString()
  return {
    id: moment,
    origin: 'scheduled',
    status: 'written',
    createdAt: moment,
    finishedAt: moment,
    requestedBy: 'schedule',
    jobId: null,
    fileName: 'a.tar.gz',
    sizeBytes: 1_000,
    sha256: null,
    engine: 'sqlite',
    format: 'sqlite',
    encryption: { kind: 'none' },
    keyKnown: true,
    locked: false,
    foreign: false,
    manifest: null,
    trial: passedTrial,
    error: null,
    present: true,
    copies: [],
    ...change,
  }
}
