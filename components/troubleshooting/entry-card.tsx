'use client'

import { useMutation } from '@tanstack/react-query'
import { ArrowRight, ChevronRight, Stethoscope } from 'lucide-react'
import { useTranslations } from 'next-intl'
import { ErrorPanel } from '@/components/api/error-panel'
import type { TargetChoice } from '@/components/jobs/job-queries'
import { Badge } from '@/components/ui/badge'
import { Button, LinkButton } from '@/components/ui/button'
import type { Entry } from '@/lib/troubleshooting/catalogue'
import type { Diagnosis } from '@/lib/troubleshooting/diagnosis'
import { DiagnosisView } from './diagnosis-view'
import { testMutation } from './troubleshooting-queries'
import { useEntryWords } from './use-entry-words'

const tones = { is: 'danger', 'is-not': 'success', unknown: 'neutral' } as const

export interface EntryCardProps {
  entry: Entry
  open: boolean
  onOpenChange: (open: boolean) => void
  /** The database to ask; null: what the app uses now. */
  target: TargetChoice | null
  diagnosis: Diagnosis | undefined
  onDiagnosis: (diagnosis: Diagnosis) => void
}

/** One entry on one line; opened: cause, remedy, and its test. */
export function EntryCard({ entry, open, onOpenChange, target, diagnosis, onDiagnosis }: EntryCardProps) {
  const t = useTranslations('troubleshooting')
  const { title, cause, remedy } = useEntryWords().words(entry)
  const test = useMutation({ ...testMutation(), onSuccess: onDiagnosis })
  return (
    <details
      id={entry.id}
      open={open}
      onToggle={(event) => onOpenChange(event.currentTarget.open)}
      className="group scroll-mt-16 border-line border-b last:border-b-0"
    >
      <summary className="flex cursor-pointer list-none items-start gap-2.5 px-4 py-2.5 text-sm hover:bg-hover sm:px-5 [&::-webkit-details-marker]:hidden">
        <ChevronRight aria-hidden className="mt-0.5 size-4 shrink-0 text-ink-faint transition-transform group-open:rotate-90" />
        <span className="min-w-0 flex-1">
          <span className="font-medium">{title}</span>
          <span className="ml-2 break-words font-mono text-ink-faint text-xs">{[entry.id, ...entry.codes.slice(0, 3)].join(' · ')}</span>
        </span>
        {diagnosis === undefined ? null : <Badge tone={tones[diagnosis.outcome]}>{t(`outcomes.${diagnosis.outcome}`)}</Badge>}
      </summary>
      <div className="flex flex-col gap-3 px-4 pb-4 text-sm sm:pr-5 sm:pl-[2.875rem]">
        <dl className="grid gap-x-4 gap-y-2 sm:grid-cols-[7rem_minmax(0,1fr)]">
          <dt className="text-ink-faint">{t('cause')}</dt>
          <dd className="max-w-prose">{cause}</dd>
          <dt className="text-ink-faint">{t('remedy')}</dt>
          <dd className="max-w-prose">{remedy}</dd>
          {entry.codes.length === 0 ? null : (
            <>
              <dt className="text-ink-faint">{t('alsoAs')}</dt>
              <dd className="break-words font-mono text-xs">{entry.codes.join(' · ')}</dd>
            </>
          )}
        </dl>
        <div className="flex flex-wrap items-center gap-2">
          <Button
            icon={<Stethoscope aria-hidden />}
            pending={test.isPending}
            onClick={() => test.mutate({ entry: entry.id, ...(target === null ? {} : { target }) })}
          >
            {t('test')}
          </Button>
          {entry.page === null ? null : (
            <LinkButton href={entry.page} variant="quiet" icon={<ArrowRight aria-hidden />}>
              {t(`pages.${entry.page}`)}
            </LinkButton>
          )}
          <span className="text-ink-faint text-xs">{t(`tests.${entry.test}`)}</span>
        </div>
        {test.error ? <ErrorPanel error={test.error} announce /> : null}
        {diagnosis === undefined ? null : (
          <DiagnosisView entry={entry.id} diagnosis={diagnosis} isOwn={target === null} onMended={onDiagnosis} />
        )}
      </div>
    </details>
  )
}
