import { type BackupView, isReachable } from '@/lib/backup/backup-view'

/** What a day has to go back to: a backup that was restored for a trial, one that was only written, only failures, nothing. */
export const dayStates = ['tested', 'written', 'failed', 'none'] as const
export type DayState = (typeof dayStates)[number]

export interface CalendarDay {
  /** Midnight of that day, in the reader's time zone. */
  readonly date: Date
  readonly state: DayState
  readonly backups: readonly BackupView[]
}

/** The last `count` days up to and with today, oldest first. Days are the reader's own; one of 23 or 25 hours is one day. */
export function calendarDays(backups: readonly BackupView[], now: Date, count = 90): readonly CalendarDay[] {
  const byDay = new Map<string, BackupView[]>()
  for (const backup of backups) {
    const key = keyOf(new Date(backup.createdAt))
    byDay.set(key, [...(byDay.get(key) ?? []), backup])
  }
  return Array.from({ length: count }, (_, index) => {
    const date = new Date(now.getFullYear(), now.getMonth(), now.getDate() - (count - 1 - index))
    const found = byDay.get(keyOf(date)) ?? []
    return { date, state: stateOf(found), backups: found }
  })
}

function stateOf(backups: readonly BackupView[]): DayState {
  const there = backups.filter((backup) => backup.status === 'written' && isReachable(backup))
  if (there.some(({ trial }) => trial?.status === 'passed')) return 'tested'
  if (there.some(({ trial }) => trial?.status !== 'failed')) return 'written'
  return backups.length > 0 ? 'failed' : 'none'
}

function keyOf(date: Date): string {
  return `${date.getFullYear()}-${date.getMonth()}-${date.getDate()}`
}
