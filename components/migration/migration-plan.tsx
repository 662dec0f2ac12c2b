'use client'

import { useQuery } from '@tanstack/react-query'
import { useTranslations } from 'next-intl'
import { useFormatters } from '@/components/format/use-formatters'
import { usePhaseName } from '@/components/jobs/use-phase-name'
import { overviewQuery } from '@/components/overview/overview-queries'
import { CardBody } from '@/components/ui/card'
import type { MigrationMode } from '@/lib/control/active-state'
import type { SwitchWhen } from '@/lib/control/switch-choice'
import { livePhases, migrationPhases } from '@/lib/migration/migration-result'
import { estimateReadOnlyMs } from './read-only-estimate'

/** What will happen, in order; how long the app will be read-only; what a failure would leave. */
export function MigrationPlan({ mode, when }: { mode: MigrationMode; when: SwitchWhen }) {
  const t = useTranslations('migration.plan')
  const format = useFormatters()
  const phaseName = usePhaseName()
  const { data: overview } = useQuery(overviewQuery())
  const rows = overview?.tables.reduce<number | null>((sum, table) => (sum === null || table.rows === null ? null : sum + table.rows), 0)
  const estimate = rows == null ? null : estimateReadOnlyMs(rows, overview?.sizeBytes ?? 0)
  return (
    <CardBody className="grid gap-x-10 gap-y-5 lg:grid-cols-2">
      <ol className="flex flex-col gap-2.5">
        {(mode === 'live' ? livePhases : migrationPhases).map((phase, index) => {
          const name = phaseName(phase)
          return (
            <li key={phase} className="grid grid-cols-[1.5rem_minmax(0,1fr)] gap-x-3 text-sm">
              <span aria-hidden className="tabular grid size-6 place-items-center rounded-full bg-sunken text-ink-soft text-xs">
                {index + 1}
              </span>
              <p className="pt-0.5">
                <span className="font-medium">{name.title}</span> <span className="text-ink-faint">— {name.body}</span>
              </p>
            </li>
          )
        })}
      </ol>
      <dl className="flex flex-col gap-3 text-sm">
        <Item term={t('readOnlyTitle')}>
          {mode === 'live' ? (
            t('readOnlyLive')
          ) : estimate === null ? (
            t('readOnlyUnknown')
          ) : (
            <>
              {t('readOnly', { from: format.duration(estimate.fromMs), to: format.duration(estimate.toMs) })}{' '}
              <span className="text-ink-faint">{t('estimate', { rows: format.number(rows ?? 0) })}</span>
            </>
          )}
        </Item>
        <Item term={t('safe')}>{t('safeBody')}</Item>
        <Item term={t('decide')}>{t(mode !== 'live' ? 'decideBody' : when === 'held' ? 'decideLive' : 'decidePlanned')}</Item>
      </dl>
    </CardBody>
  )
}

function Item({ term, children }: { term: string; children: React.ReactNode }) {
  return (
    <div>
      <dt className="font-medium">{term}</dt>
      <dd className="text-ink-soft">{children}</dd>
    </div>
  )
}
