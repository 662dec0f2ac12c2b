import { expect, it } from 'vitest'
import type { BackupView } from '@/lib/backup/backup-view'
import { listRestorePoints, lossOf } from './restore-points'

const backup = (id: string, rest: Partial<BackupView> = {}): BackupView => ({
  id,
  origin: 'manual',
  status: 'written',
  createdAt: `2026-01-0${id}T00:00:00.000Z`,
  finishedAt: `2026-01-0${id}T00:00:01.000Z`,
  requestedBy: 'admin@example.org',
  jobId: null,
  fileName: 'a.tar.gz',
  sizeBytes: 1,
  sha256: null,
  engine: 'sqlite',
  format: null,
  encryption: { kind: 'none' },
  keyKnown: true,
  locked: false,
  foreign: false,
  manifest: null,
  trial: null,
  error: null,
  present: true,
  copies: [],
  ...rest,
})

it('offers what is there, the newest first, and says what stands in the way', () => {
  const failed = { status: 'failed', at: '', elapsedMs: 1, place: '', tables: 0, rows: 0, filesOpened: 0, problem: 'x' } as const
  const points = listRestorePoints([
    backup('1'),
    backup('2', { foreign: true }),
    backup('3', { trial: failed }),
    backup('4', { engine: 'postgresql' }),
    backup('5', { present: false }),
    backup('6', { status: 'failed' }),
  ])
  expect(points.map((point) => [point.backup.id, point.hindrance])).toEqual([
    ['4', null],
    ['3', 'trial-failed'],
    ['2', 'untrusted'],
    ['1', null],
  ])
})

it('counts what a restore takes and brings, table by table', () => {
  const tables = [
    { table: 'a', archiveRows: 10, presentRows: 25 },
    { table: 'b', archiveRows: 7, presentRows: 4 },
    { table: 'c', archiveRows: 5, presentRows: 5 },
    { table: 'new', archiveRows: null, presentRows: 2 },
    { table: 'gone', archiveRows: null, presentRows: null },
  ]
  expect(lossOf({ tables })).toEqual({ fewer: 17, more: 3, tables: 3, unknown: 1 })
})
