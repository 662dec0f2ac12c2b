'use client'

import { useTranslations } from 'next-intl'
import { useState } from 'react'
import { Card, CardHeader } from '@/components/ui/card'
import { Segments } from '@/components/ui/segments'
import type { HealthCheck } from '@/lib/monitoring/health-report'
import { HealthLine } from './health-line'

/** All checks, the worst first; at first those that want something. */
export function ChecksCard({ checks }: { checks: readonly HealthCheck[] }) {
  const t = useTranslations('database')
  const [filter, setFilter] = useState<'open' | 'all'>('open')
  const open = checks.filter(({ level }) => level !== 'ok')
  const shown = filter === 'open' ? open : checks
  return (
    <Card aria-labelledby="database-checks">
      <CardHeader
        title={t('checksTitle')}
        titleId="database-checks"
        description={t('checksBody')}
        actions={
          <Segments
            label={t('filter')}
            value={filter}
            onChange={setFilter}
            items={[
              { value: 'open', label: t('filterOpen', { count: open.length }) },
              { value: 'all', label: t('filterAll', { count: checks.length }) },
            ]}
          />
        }
      />
      <div className="border-line border-t">
        {shown.length === 0 ? <p className="px-4 py-4 text-ink-faint text-sm sm:px-5">{t('nothingOpen')}</p> : null}
        {shown.map((check) => (
          <HealthLine key={check.code} check={check} />
        ))}
      </div>
    </Card>
  )
}
