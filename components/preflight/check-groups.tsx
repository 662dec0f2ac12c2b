'use client'

import { useTranslations } from 'next-intl'
import { useState } from 'react'
import { FindingsTable } from '@/components/jobs/findings-table'
import { OfferedRepairs } from '@/components/migration/offered-repairs'
import { Badge } from '@/components/ui/badge'
import { Card, CardHeader } from '@/components/ui/card'
import { EmptyState } from '@/components/ui/empty-state'
import { Segments } from '@/components/ui/segments'
import { checkGroups, checkStatuses } from '@/lib/preflight/check-catalogue'
import type { PreflightCheck, PreflightResult } from '@/lib/preflight/preflight-result'
import { CheckLine } from './check-line'
import { statusLooks } from './status-looks'

/** All checks by group, or only what is not passed. */
export function CheckGroups({ result }: { result: PreflightResult }) {
  const t = useTranslations('preflight')
  const [filter, setFilter] = useState<'all' | 'open'>('all')
  const open = result.checks.filter(({ status }) => status !== 'passed')
  const shown = filter === 'all' ? result.checks : open
  return (
    <>
      <div>
        <Segments
          label={t('filter')}
          value={filter}
          onChange={setFilter}
          items={[
            { value: 'all', label: `${t('filterAll')} (${result.checks.length})` },
            { value: 'open', label: `${t('filterOpen')} (${open.length})` },
          ]}
        />
      </div>
      {shown.length === 0 ? (
        <Card>
          <EmptyState icon={<statusLooks.passed.Icon />} title={t('nothingOpen')} className="py-8" />
        </Card>
      ) : null}
      {checkGroups.map((group) => {
        const checks = shown.filter((check) => check.group === group)
        const all = result.checks.filter((check) => check.group === group)
        const isLeftOut = result.leftOut.includes(group)
        if (checks.length === 0 && !(isLeftOut && filter === 'all')) return null
        return (
          <Card key={group} aria-labelledby={`group-${group}`} className="overflow-hidden">
            <CardHeader title={t(`groups.${group}`)} titleId={`group-${group}`} actions={<Counts checks={all} />} />
            <div className="border-line border-t">
              {checks.map((check) => (
                <CheckLine key={check.code} check={check} />
              ))}
            </div>
            {isLeftOut ? <p className="px-5 py-2.5 text-ink-faint text-sm">{t('leftOut')}</p> : null}
            {group === 'values' && result.findings.length > 0 ? <Findings result={result} /> : null}
          </Card>
        )
      })}
    </>
  )
}

function Findings({ result }: { result: PreflightResult }) {
  const t = useTranslations('preflight')
  return (
    <div className="border-line border-t">
      <h3 className="px-4 pt-3 pb-2 font-medium text-sm sm:px-5">{t('findings')}</h3>
      <FindingsTable findings={result.findings} renderMore={(finding) => <OfferedRepairs finding={finding} />} />
    </div>
  )
}

function Counts({ checks }: { checks: readonly PreflightCheck[] }) {
  const t = useTranslations('preflight')
  return (
    <>
      {checkStatuses.map((status) => {
        const count = checks.filter((check) => check.status === status).length
        return count === 0 ? null : (
          <Badge key={status} tone={statusLooks[status].tone}>
            {t(`counts.${status}`, { count })}
          </Badge>
        )
      })}
    </>
  )
}
