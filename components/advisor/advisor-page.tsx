'use client'

import { useQuery } from '@tanstack/react-query'
import { ArrowRight, CircleCheck, CircleHelp, Hourglass, TriangleAlert } from 'lucide-react'
import { useTranslations } from 'next-intl'
import { PageHeader } from '@/components/admin/page-header'
import { ErrorPanel } from '@/components/api/error-panel'
import { TimeStamp } from '@/components/format/time-stamp'
import { LinkButton } from '@/components/ui/button'
import { Card } from '@/components/ui/card'
import { classNames } from '@/components/ui/class-names'
import { LoadingCard } from '@/components/ui/loading-card'
import type { Advice } from '@/lib/advisor/advice'
import { adviceQuery } from './advisor-queries'
import { ComparisonCard } from './comparison-card'
import { FactorsCard } from './factors-card'
import { NeedsCard } from './needs-card'
import { SqliteChecklist } from './sqlite-checklist'

const looks = {
  stay: { Icon: CircleCheck, ink: 'text-success-ink', box: 'border-success/40 bg-success-soft' },
  moved: { Icon: CircleCheck, ink: 'text-success-ink', box: 'border-success/40 bg-success-soft' },
  plan: { Icon: Hourglass, ink: 'text-warning-ink', box: 'border-warning/50 bg-warning-soft' },
  move: { Icon: TriangleAlert, ink: 'text-warning-ink', box: 'border-warning/50 bg-warning-soft' },
  unknown: { Icon: CircleHelp, ink: 'text-ink-soft', box: 'border-line-strong bg-surface' },
} as const

/** Stay on SQLite or move? From what is measured here, with the reasons. */
export function AdvisorPage() {
  const t = useTranslations('advisor')
  const advice = useQuery(adviceQuery())
  const { data } = advice
  return (
    <>
      <PageHeader title={t('title')} description={t('description')} />
      <div className="flex flex-col gap-4">
        {advice.isPending ? <LoadingCard label={t('loading')} rows={6} /> : null}
        {advice.error && !data ? <ErrorPanel error={advice.error} onRetry={() => void advice.refetch()} /> : null}
        {data ? (
          <>
            <Verdict advice={data} />
            <NeedsCard key={JSON.stringify(data.needs)} needs={data.needs} />
            <FactorsCard advice={data} />
            {data.checklist.length === 0 ? null : <SqliteChecklist items={data.checklist} />}
            <ComparisonCard advice={data} />
          </>
        ) : null}
      </div>
    </>
  )
}

function Verdict({ advice: { verdict, measuredAt } }: { advice: Advice }) {
  const t = useTranslations('advisor')
  const look = looks[verdict]
  return (
    <Card
      aria-labelledby="verdict"
      data-verdict={verdict}
      className={classNames('flex flex-wrap items-center gap-4 px-4 py-4 sm:px-5', look.box)}
    >
      <look.Icon aria-hidden className={classNames('size-6 shrink-0', look.ink)} />
      <div className="min-w-0 flex-1 basis-64">
        <h2 id="verdict" className="font-semibold text-lg">
          {t(`verdicts.${verdict}.title`)}
        </h2>
        <p className="max-w-prose text-ink-soft text-sm">{t(`verdicts.${verdict}.body`)}</p>
        <p className="mt-1 text-ink-soft text-xs">{t.rich('measured', { when: () => <TimeStamp iso={measuredAt} relative /> })}</p>
      </div>
      {verdict === 'move' || verdict === 'plan' ? (
        <LinkButton href="/admin/preflight" variant="primary" icon={<ArrowRight aria-hidden />}>
          {t('ready')}
        </LinkButton>
      ) : null}
    </Card>
  )
}
