'use client'

import Link from 'next/link'
import { useLocale, useTranslations } from 'next-intl'
import { type KeyboardEvent, useMemo, useRef, useState } from 'react'
import { TimeStamp } from '@/components/format/time-stamp'
import { useFormatters } from '@/components/format/use-formatters'
import { useNow } from '@/components/format/use-now'
import { Card, CardBody, CardHeader } from '@/components/ui/card'
import { classNames } from '@/components/ui/class-names'
import type { BackupView, PastBackup } from '@/lib/backup/backup-view'
import { TrustBadge } from './backup-badges'
import { type CalendarDay, calendarDays, type DayState, dayStates } from './calendar-days'

/** Told apart by shape as well as by colour. */
const looks: Record<DayState, string> = {
  tested: 'bg-success border-success',
  written: 'border-success bg-success-soft',
  failed: 'border-danger bg-[repeating-linear-gradient(45deg,var(--danger)_0_2px,transparent_2px_5px)]',
  gone: 'border-control border-dashed bg-surface',
  none: 'border-line bg-sunken',
}
const minuteMs = 60_000
/** Of a day's backups that were deleted since, no more than these are told one by one. */
const pastShown = 5

/** The last 90 days, each with what it has to go back to. Arrow keys move, Home and End jump; the chosen day is told below. */
export function BackupCalendar({ backups, past }: { backups: readonly BackupView[]; past: readonly PastBackup[] }) {
  const t = useTranslations('backups.calendar')
  const now = useNow(minuteMs, true)
  const today = new Date(now).toDateString()
  // biome-ignore lint/correctness/useExhaustiveDependencies: days change with the day, not with each minute
  const days = useMemo(() => calendarDays(backups, past, new Date(now)), [backups, past, today])
  const [chosen, setChosen] = useState(days.length - 1)
  const day = days[Math.min(chosen, days.length - 1)]
  return (
    <Card aria-labelledby="backup-calendar">
      <CardHeader title={t('title')} titleId="backup-calendar" description={t('body')} />
      <CardBody className="grid items-start gap-x-10 gap-y-3 lg:grid-cols-[auto_minmax(0,1fr)]">
        <Grid days={days} chosen={chosen} onChoose={setChosen} />
        <div className="lg:row-span-2 lg:border-line lg:border-l lg:pl-10">{day ? <Chosen day={day} /> : null}</div>
        <ul className="flex flex-wrap gap-x-4 gap-y-1 text-ink-soft text-xs">
          {dayStates.map((state) => (
            <li key={state} className="flex items-center gap-1.5">
              <span aria-hidden className={classNames('size-3 rounded-sm border', looks[state])} />
              {t(`state.${state}`)}
            </li>
          ))}
        </ul>
      </CardBody>
    </Card>
  )
}

function Grid({ days, chosen, onChoose }: { days: readonly CalendarDay[]; chosen: number; onChoose: (index: number) => void }) {
  const t = useTranslations('backups.calendar')
  const locale = useLocale()
  const table = useRef<HTMLTableElement>(null)
  const { long, short, month } = useMemo(
    () => ({
      long: new Intl.DateTimeFormat(locale, { dateStyle: 'full' }),
      short: new Intl.DateTimeFormat(locale, { weekday: 'short' }),
      month: new Intl.DateTimeFormat(locale, { month: 'short' }),
    }),
    [locale],
  )
  // Weeks begin on Monday: one column a week, the first and the last not always whole.
  const lead = ((days[0]?.date.getDay() ?? 1) + 6) % 7
  const weeks = Math.ceil((lead + days.length) / 7)
  const move = (event: KeyboardEvent) => {
    const steps: Record<string, number> = { ArrowUp: -1, ArrowDown: 1, ArrowLeft: -7, ArrowRight: 7, Home: -days.length, End: days.length }
    const step = steps[event.key]
    if (step === undefined) return
    event.preventDefault()
    const next = Math.max(0, Math.min(days.length - 1, chosen + step))
    onChoose(next)
    table.current?.querySelector<HTMLButtonElement>(`[data-day="${next}"]`)?.focus()
  }
  return (
    <div className="overflow-x-auto pb-1">
      {/* biome-ignore lint/a11y/noNoninteractiveElementToInteractiveRole: a table of buttons that arrow keys move through is a grid */}
      <table ref={table} role="grid" aria-label={t('title')} className="border-separate border-spacing-0.5" onKeyDown={move}>
        <thead>
          <tr>
            <td />
            {Array.from({ length: weeks }, (_, week) => {
              const first = days[Math.max(0, week * 7 - lead)]
              const before = days[Math.max(0, (week - 1) * 7 - lead)]
              const isNew = first && (week === 0 || before?.date.getMonth() !== first.date.getMonth())
              return (
                // biome-ignore lint/suspicious/noArrayIndexKey: a week is its place
                <td key={week} className="h-4 min-w-4.5 overflow-visible sm:min-w-5 whitespace-nowrap text-ink-faint text-xs">
                  <span className="block w-0">{isNew && week < weeks - 1 ? month.format(first.date) : ''}</span>
                </td>
              )
            })}
          </tr>
        </thead>
        <tbody>
          {Array.from({ length: 7 }, (_, weekday) => (
            // biome-ignore lint/suspicious/noArrayIndexKey: a weekday is its place
            <tr key={weekday}>
              <th scope="row" className="pr-1 text-left sm:pr-2 font-normal text-ink-faint text-xs">
                {/* 1 January 2024 was a Monday. */}
                {short.format(new Date(2024, 0, 1 + weekday))}
              </th>
              {Array.from({ length: weeks }, (_, week) => {
                const index = week * 7 + weekday - lead
                const day = days[index]
                return (
                  // biome-ignore lint/suspicious/noArrayIndexKey: a week is its place
                  <td key={week}>
                    {day ? (
                      <button
                        type="button"
                        data-day={index}
                        tabIndex={index === chosen ? 0 : -1}
                        aria-pressed={index === chosen}
                        aria-label={t('day', { date: long.format(day.date), state: t(`state.${day.state}`), count: day.backups.length })}
                        onClick={() => onChoose(index)}
                        className={classNames(
                          'block size-4.5 rounded-sm border sm:size-5',
                          looks[day.state],
                          index === chosen ? 'outline-2 outline-focus outline-offset-1' : 'hover:border-control',
                        )}
                      />
                    ) : null}
                  </td>
                )
              })}
            </tr>
          ))}
        </tbody>
      </table>
    </div>
  )
}

/** The backups of the chosen day, each a way to its page. */
function Chosen({ day }: { day: CalendarDay }) {
  const t = useTranslations('backups.calendar')
  const locale = useLocale()
  const format = useFormatters()
  const date = new Intl.DateTimeFormat(locale, { dateStyle: 'full' }).format(day.date)
  return (
    <div aria-live="polite" className="text-sm">
      <p className="font-medium">{date}</p>
      {day.backups.length === 0 ? <p className="text-ink-faint">{t('nothing')}</p> : null}
      <ul className="mt-1 flex flex-col gap-1">
        {day.backups.map((backup) => (
          <li key={backup.id} className="flex flex-wrap items-center gap-2">
            <Link href={`/admin/backups/${backup.id}`} className="rounded underline-offset-4 hover:underline">
              <TimeStamp iso={backup.createdAt} />
            </Link>
            <TrustBadge backup={backup} />
            {backup.sizeBytes === null ? null : <span className="tabular text-ink-faint">{format.bytes(backup.sizeBytes)}</span>}
          </li>
        ))}
        {day.past.slice(0, pastShown).map(({ id, createdAt, deletedAt, tested }) => (
          <li key={id} className="text-ink-faint">
            {t.rich(tested ? 'wasTested' : 'wasWritten', {
              when: () => <TimeStamp iso={createdAt} />,
              deleted: () => <TimeStamp iso={deletedAt} />,
            })}
          </li>
        ))}
        {day.past.length > pastShown ? <li className="text-ink-faint">{t('morePast', { count: day.past.length - pastShown })}</li> : null}
      </ul>
    </div>
  )
}
