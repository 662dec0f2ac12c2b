import { type BackupView, isReachable, type PastBackup } from '@/lib/backup/backup-view'

/**
 * What a day has to go back to: a backup that was restored for a trial, one that was only written, only failures, one that was
 * there and has been deleted, nothing.
 */
export const dayStates = ['tested', 'written', 'failed', 'gone', 'none'] as const
export type DayState = (typeof dayStates)[number]

export interface CalendarDay {
  /** Midnight of that day, in the reader's time zone. */
  readonly date: Date
  readonly state: DayState
  readonly backups: readonly BackupView[]
  /** Of that day too, and deleted since. */
  readonly past: readonly PastBackup[]
}

/** The last `count` days up to and with today, oldest first. Days are the reader's own; one of 23 or 25 hours is one day. */
export function calendarDays(backups: readonly BackupView[], past: readonly PastBackup[], now: Date, count = 90): readonly CalendarDay[] {
  const present = groupByDay(backups)
  const gone = groupByDay(past)
  return Array.from({ length: count }, (_, index) => {
    const date = new Date(now.getFullYear(), now.getMonth(), now.getDate() - (count - 1 - index))
    const found = { backups: present.get(keyOf(date)) ?? [], past: gone.get(keyOf(date)) ?? [] }
    return { date, state: stateOf(found), ...found }
  })
}

function stateOf({ backups, past }: Pick<CalendarDay, 'backups' | 'past'>): DayState {
  const there = backups.filter((backup) => backup.status === 'written' && isReachable(backup))
  if (there.some(({ trial }) => trial?.status === 'passed')) return 'tested'
  if (there.some(({ trial }) => trial?.status !== 'failed')) return 'written'
  if (past.length > 0) return 'gone'
  return backups.length > 0 ? 'failed' : 'none'
}

function groupByDay<T extends { readonly createdAt: string }>(items: readonly T[]): ReadonlyMap<string, readonly T[]> {
  const byDay = new Map<string, T[]>()
  for (const item of items) {
    const key = keyOf(new Date(item.createdAt))
    byDay.set(key, [...(byDay.get(key) ?? []), item])
  }
  return byDay
}

function keyOf(date: Date): string {
  return `${date.getFullYear()}-${date.getMonth()}-${date.getDate()}`
}
