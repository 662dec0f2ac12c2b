import { type BackupView, isReachable, newestFirst } from '@/lib/backup/backup-view'
import type { AlarmDetail, AlarmSettingsInput } from './alarm-view'

export interface AlarmInput {
  readonly backups: readonly BackupView[]
  readonly rules: Pick<AlarmSettingsInput, 'maxAgeHours' | 'untestedAfterHours' | 'smallPercent'>
  /** Room on the disk of the backups; null when it cannot be told. */
  readonly freeBytes: number | null
  /** Latest copy of each destination that is in use. */
  readonly copies: readonly {
    readonly destinationId: string
    readonly name: string
    readonly failed: boolean
    readonly problem: string
    readonly at: string
  }[]
  readonly now: Date
}

/** A cause with what is known of it. The key is the same as long as it is the same trouble. */
export interface FoundAlarm {
  readonly key: string
  readonly detail: AlarmDetail
}

const hourMs = 3_600_000
/** With fewer backups before it nothing is usual yet. */
const enoughToCompare = 3
const compareWith = 10

/**
 * What is wrong with the backups now. A backup from the future (a clock that was set back) comes after all others: it hides neither
 * that a later one failed nor that the last one is old. Alone it is no cause for an alarm; the next run gives one of today.
 */
export function findAlarms({ backups, rules, freeBytes, copies, now }: AlarmInput): readonly FoundAlarm[] {
  const own = newestFirst(backups, now).filter((backup) => !backup.foreign && backup.origin !== 'safety')
  const there = own.filter((backup) => backup.status === 'written' && isReachable(backup))
  const good = there.find((backup) => backup.trial?.status !== 'failed')
  // An archive that was fetched from elsewhere can be gone back to, and says nothing of how backups are made here.
  const madeHere = own.filter(({ origin }) => origin !== 'upload')
  const made = there.filter(({ origin }) => origin !== 'upload')
  const newest = made[0]
  const found: FoundAlarm[] = []
  const add = (detail: AlarmDetail, subject?: string) =>
    found.push({ key: subject === undefined ? detail.kind : `${detail.kind}:${subject}`, detail })

  const failed = madeHere[0]?.status === 'failed' ? madeHere[0] : undefined
  if (failed)
    add({ kind: 'backup-failed', backupId: failed.id, at: failed.createdAt, ...(failed.error ? { problem: failed.error.message } : {}) })
  if (!good) add({ kind: 'backup-none' })
  else if (ageMs(good, now) > rules.maxAgeHours * hourMs) add({ kind: 'backup-old', backupId: good.id, at: good.createdAt })
  if (newest?.trial?.status === 'failed')
    add({
      kind: 'trial-failed',
      backupId: newest.id,
      at: newest.trial.at,
      ...(newest.trial.problem ? { problem: newest.trial.problem } : {}),
    })
  else if (newest && newest.trial?.status !== 'passed' && ageMs(newest, now) > rules.untestedAfterHours * hourMs)
    add({ kind: 'backup-untested', backupId: newest.id, at: newest.createdAt })
  const small = newest && findSmall(newest, made.slice(1), rules.smallPercent)
  if (small) add(small)
  const needed = newest?.sizeBytes ?? 0
  if (freeBytes !== null && needed > 0 && freeBytes < needed) add({ kind: 'disk-low', freeBytes, sizeBytes: needed })
  for (const copy of copies)
    if (copy.failed) add({ kind: 'destination-failed', place: copy.name, problem: copy.problem, at: copy.at }, copy.destinationId)
  return found
}

/** Compared with the median of those before it of the same engine: one odd one among them changes nothing. */
function findSmall(newest: BackupView, before: readonly BackupView[], percent: number): AlarmDetail | null {
  const sizes = before
    .filter(({ engine, sizeBytes }) => engine === newest.engine && sizeBytes !== null)
    .slice(0, compareWith)
    .map(({ sizeBytes }) => sizeBytes ?? 0)
    .sort((a, b) => a - b)
  const usualBytes = sizes[Math.floor(sizes.length / 2)]
  if (sizes.length < enoughToCompare || usualBytes === undefined || newest.sizeBytes === null) return null
  if (newest.sizeBytes * 100 >= usualBytes * percent) return null
  return { kind: 'backup-small', backupId: newest.id, sizeBytes: newest.sizeBytes, usualBytes, at: newest.createdAt }
}

function ageMs(backup: BackupView, now: Date): number {
  return Math.max(0, now.getTime() - Date.parse(backup.createdAt))
}
