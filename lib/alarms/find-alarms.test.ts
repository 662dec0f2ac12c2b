import { expect, it } from 'vitest'
import type { BackupView } from '@/lib/backup/backup-view'
import { couldRecover } from '@/lib/backup/could-recover'
import { sampleBackup } from '@/tests/support/sample-backup'
import { findAlarms } from './find-alarms'

const now = new Date('2026-03-10T12:00:00Z')

const backup = (hours: number, change: Partial<BackupView> = {}) =>
  sampleBackup(new Date(now.getTime() - hours * 3_600_000), { id: `b${hours}`, ...change })
const kinds = (backups: readonly BackupView[]) =>
  findAlarms({ backups, rules: { maxAgeHours: 26, untestedAfterHours: 48, smallPercent: 50 }, freeBytes: null, copies: [], now }).map(
    ({ detail }) => detail.kind,
  )

it('an archive from elsewhere, once trusted, neither hides that the latest backup failed nor counts as one that is too small', () => {
  const failed = backup(2, { status: 'failed', present: false, fileName: null, sizeBytes: null, trial: null })
  const before = [backup(3), backup(4), backup(5), backup(6)]
  const fetched = backup(1, { origin: 'upload', sizeBytes: 10, trial: null })
  expect(kinds([failed, ...before])).toEqual(['backup-failed'])
  expect(kinds([fetched, failed, ...before])).toEqual(['backup-failed'])
  expect(kinds([fetched, ...before])).toEqual([])
  // All the same it can be gone back to.
  expect([kinds([]), kinds([fetched])]).toEqual([['backup-none'], []])
  expect(kinds([backup(1, { sizeBytes: 10 }), ...before])).toEqual(['backup-small'])
})

it('a backup from the future hides neither that the last of today is old nor that it failed; alone it is no cause', () => {
  const ahead = backup(-10_000)
  const failed = backup(2, { status: 'failed', present: false, fileName: null, sizeBytes: null, trial: null })
  expect([kinds([ahead]), kinds([ahead, backup(1)])]).toEqual([[], []])
  expect(kinds([ahead, backup(72)])).toEqual(['backup-old'])
  expect(kinds([ahead, failed])).toEqual(['backup-failed'])
  // "Could I recover now?" answers with the one whose age is known.
  expect(couldRecover([ahead, backup(72)], now)).toMatchObject({ state: 'old', backup: { id: 'b72' } })
  expect(couldRecover([ahead, failed], now)).toMatchObject({ state: 'yes', failedSince: failed.createdAt })
})
