'use client'

import { Download } from 'lucide-react'
import { useTranslations } from 'next-intl'
import { useState } from 'react'
import { useFormatters } from '@/components/format/use-formatters'
import { usePhaseName } from '@/components/jobs/use-phase-name'
import { Button } from '@/components/ui/button'
import { Card, CardBody, CardHeader } from '@/components/ui/card'
import { Table, TableBody, TableCell, TableHead, TableHeader, TableRow } from '@/components/ui/table'
import type { PreflightPlan, PreflightResult } from '@/lib/preflight/preflight-result'
import { CopyButton } from './copy-button'

/** What the migration will do: tables in order with rows, bytes and time, and the SQL of the target's schema. */
export function PlanCard({ result }: { result: PreflightResult }) {
  const t = useTranslations('preflight')
  const { plan, targetSchemaSql } = result
  return (
    <>
      <Card aria-labelledby="plan" className="overflow-hidden">
        <CardHeader title={t('plan')} titleId="plan" description={t(plan === null ? 'planEmpty' : 'planBody')} />
        {plan === null ? null : <Estimate plan={plan} />}
        {plan === null ? null : <PlannedTables plan={plan} />}
      </Card>
      <SchemaSql sql={targetSchemaSql} />
    </>
  )
}

function Estimate({ plan }: { plan: PreflightPlan }) {
  const t = useTranslations('preflight')
  const format = useFormatters()
  const phaseName = usePhaseName()
  const { estimatedFrom: from } = plan
  const rate = format.bytes(from.bytesPerSecond)
  return (
    <CardBody className="flex flex-col gap-3">
      <div className="text-sm">
        {plan.estimatedMs === null ? null : <p className="font-medium">{t('estimate', { time: format.duration(plan.estimatedMs) })}</p>}
        <p className="text-ink-faint">
          {from.kind === 'measured' ? t('measured', { when: format.dateTime(from.at), rate }) : t('byDefault', { rate })}
        </p>
      </div>
      <div>
        <h3 className="mb-1 font-medium text-sm">{t('steps')}</h3>
        <ol className="flex flex-wrap gap-x-5 gap-y-1 text-sm">
          {plan.steps.map(({ phase, estimatedMs }) => (
            <li key={phase} className="tabular text-ink-soft">
              {phaseName(phase).title} <span className="text-ink-faint">{format.duration(Math.max(1, estimatedMs))}</span>
            </li>
          ))}
        </ol>
      </div>
    </CardBody>
  )
}

function PlannedTables({ plan }: { plan: PreflightPlan }) {
  const t = useTranslations('preflight')
  const format = useFormatters()
  const shown = (value: number | null, as: (value: number) => string) => (value === null ? t('notKnown') : as(value))
  return (
    <Table label={t('plan')}>
      <TableHead>
        <tr>
          <TableHeader className="text-right">{t('order')}</TableHeader>
          <TableHeader>{t('table')}</TableHeader>
          <TableHeader className="text-right">{t('rows')}</TableHeader>
          <TableHeader className="text-right">{t('bytes')}</TableHeader>
          <TableHeader className="text-right max-sm:hidden">{t('time')}</TableHeader>
        </tr>
      </TableHead>
      <TableBody>
        {plan.tables.map((table) => (
          <TableRow key={table.table}>
            <TableCell className="tabular text-right text-ink-faint">{table.order}</TableCell>
            <TableCell className="break-all">{table.table}</TableCell>
            <TableCell className="tabular text-right">{shown(table.rows, format.number)}</TableCell>
            <TableCell className="tabular text-right">{shown(table.bytes, format.bytes)}</TableCell>
            <TableCell className="tabular text-right max-sm:hidden">
              {shown(table.estimatedMs, (ms) => format.duration(Math.max(1, ms)))}
            </TableCell>
          </TableRow>
        ))}
        <TableRow className="font-medium">
          <TableCell />
          <TableCell>{t('total')}</TableCell>
          <TableCell className="tabular text-right">{shown(plan.rows, format.number)}</TableCell>
          <TableCell className="tabular text-right">{format.bytes(plan.bytes)}</TableCell>
          <TableCell className="max-sm:hidden" />
        </TableRow>
      </TableBody>
    </Table>
  )
}

function SchemaSql({ sql }: { sql: string | null }) {
  const t = useTranslations('preflight')
  const [visible, setVisible] = useState(false)
  return (
    <Card aria-labelledby="schema-sql" className="overflow-hidden">
      <CardHeader
        title={t('sql')}
        titleId="schema-sql"
        description={t(sql === null ? 'sqlNone' : 'sqlBody')}
        actions={
          sql === null ? undefined : (
            <>
              <Button size="small" aria-expanded={visible} onClick={() => setVisible(!visible)}>
                {t(visible ? 'sqlHide' : 'sqlShow')}
              </Button>
              <CopyButton text={sql} label={t('sql')} />
              <Button size="small" icon={<Download aria-hidden />} onClick={() => download(sql)}>
                {t('download')}
              </Button>
            </>
          )
        }
      />
      {sql !== null && visible ? (
        // biome-ignore lint/a11y/noNoninteractiveTabindex: a scrolling region must be reachable by keyboard (axe scrollable-region-focusable)
        <pre tabIndex={0} className="max-h-96 overflow-auto border-line border-t bg-sunken p-4 font-mono text-xs leading-5">
          {sql}
        </pre>
      ) : null}
    </Card>
  )
}

function download(sql: string): void {
  const address = URL.createObjectURL(new Blob([sql], { type: 'application/sql' }))
  const link = document.createElement('a')
  link.href = address
  link.download = 'target-schema.sql'
  link.click()
  URL.revokeObjectURL(address)
}
