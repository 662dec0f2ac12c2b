import { z } from 'zod'
import { type BackupView, newestFirst } from './backup-view'

/** Which backups are kept, and for how long. A contract file. */
export const retentionSchema = z.object({
  /** The newest so many are kept. */
  keepLast: z.number().int().min(1).max(10_000),
  /** All of the last so many days are kept. 0: by number and tiers alone. */
  keepDays: z.number().int().min(0).max(10_000),
  /** The newest of each of the last so many days, weeks (from Monday) and months that have one, in UTC. */
  daily: z.number().int().min(0).max(10_000),
  weekly: z.number().int().min(0).max(10_000),
  monthly: z.number().int().min(0).max(10_000),
})
export type Retention = z.infer<typeof retentionSchema>

/** What is offered at first: thirty, and one a month for a year. */
export const defaultRetention: Retention = { keepLast: 30, keepDays: 0, daily: 0, weekly: 0, monthly: 12 }

export const keepReasons = [
  'newest-good',
  'locked',
  'upload',
  'safety',
  'future',
  'last',
  'days',
  'daily',
  'weekly',
  'monthly',
  'latest-failed',
  'failed-note',
] as const
export type KeepReason = (typeof keepReasons)[number]

export interface RetentionPlan {
  readonly keep: readonly { readonly id: string; readonly reason: KeepReason }[]
  readonly remove: readonly string[]
  /** Nothing is removed because the latest attempt came to nothing. */
  readonly heldBack: boolean
}

/** A safety backup is the way back from a restore: kept for so long whatever else is said, in milliseconds. */
const safetyMs = 14 * 24 * 60 * 60 * 1000
/** Notes of failed attempts are kept as long as the calendar looks back, in milliseconds. */
const failedNoteMs = 90 * 24 * 60 * 60 * 1000

/**
 * Decides what stays and what goes. Never goes: the newest good one (restored for a trial; else the newest whole one), what is
 * locked or was uploaded, a safety backup of the last fortnight, and what is dated in the future. When the latest attempt failed, nothing goes at all: what is left may be
 * all there is.
 */
export function planRetention(backups: readonly BackupView[], rules: Retention, now: Date): RetentionPlan {
  const ordered = newestFirst(backups, now)
  const isFuture = (backup: BackupView) => Date.parse(backup.createdAt) > now.getTime()
  const whole = ordered.filter((backup) => backup.status === 'written' && backup.present && backup.origin !== 'upload')
  const good = whole.filter((backup) => backup.trial?.status !== 'failed')
  const latest = ordered.find((backup) => backup.origin !== 'upload')
  const heldBack = latest !== undefined && (latest.status === 'failed' || latest.trial?.status === 'failed')
  const reasons = new Map<string, KeepReason>()
  const keep = (backup: BackupView | undefined, reason: KeepReason) => {
    if (backup && !reasons.has(backup.id)) reasons.set(backup.id, reason)
  }
  keep(good.find((backup) => backup.trial?.status === 'passed') ?? good[0], 'newest-good')
  keep(good[0], 'newest-good')
  const ageOf = (backup: BackupView) => now.getTime() - Date.parse(backup.createdAt)
  for (const backup of ordered) {
    if (backup.locked) keep(backup, 'locked')
    // Brought here by a person and dated by whoever made it: it goes by hand alone, and pushes nothing else out.
    if (backup.origin === 'upload') keep(backup, 'upload')
    if (backup.origin === 'safety' && backup.status === 'written' && ageOf(backup) < safetyMs) keep(backup, 'safety')
    // Dated by a clock that was ahead: by number it would push out what is made today.
    if (isFuture(backup)) keep(backup, 'future')
    if (backup.status === 'failed' && ageOf(backup) < failedNoteMs) keep(backup, 'failed-note')
  }
  // Only good ones count towards the numbers: a bad one must not push a good one out.
  const counted = good.filter((backup) => !isFuture(backup))
  for (const backup of counted.slice(0, rules.keepLast)) keep(backup, 'last')
  for (const backup of counted) if (ageOf(backup) < rules.keepDays * 86_400_000) keep(backup, 'days')
  const tiers = { daily: dayOf, weekly: weekOf, monthly: monthOf } as const
  for (const tier of ['daily', 'weekly', 'monthly'] as const) {
    for (const backup of newestOfEach(counted, tiers[tier], rules[tier])) keep(backup, tier)
  }
  if (heldBack) for (const backup of ordered) keep(backup, 'latest-failed')
  return {
    keep: ordered.flatMap(({ id }) => {
      const reason = reasons.get(id)
      return reason === undefined ? [] : [{ id, reason }]
    }),
    remove: ordered.filter(({ id }) => !reasons.has(id)).map(({ id }) => id),
    heldBack,
  }
}

/** Why backups stay, and how many for each reason, the weightiest reason first. Each backup counts once. */
export function countKept({ keep }: RetentionPlan): readonly { readonly reason: KeepReason; readonly count: number }[] {
  return keepReasons.flatMap((reason) => {
    const count = keep.filter((kept) => kept.reason === reason).length
    return count > 0 ? [{ reason, count }] : []
  })
}

/** The newest backup of each of the newest `count` periods that have one. `backups` are newest first. */
function newestOfEach(backups: readonly BackupView[], periodOf: (at: Date) => string, count: number): readonly BackupView[] {
  const found = new Map<string, BackupView>()
  for (const backup of backups) {
    const period = periodOf(new Date(backup.createdAt))
    if (!found.has(period)) found.set(period, backup)
  }
  return [...found.values()].slice(0, count)
}

function dayOf(at: Date): string {
  return at.toISOString().slice(0, 10)
}

/** Named by its Monday. */
function weekOf(at: Date): string {
  const monday = new Date(at)
  monday.setUTCDate(at.getUTCDate() - ((at.getUTCDay() + 6) % 7))
  return dayOf(monday)
}

function monthOf(at: Date): string {
  return at.toISOString().slice(0, 7)
}
