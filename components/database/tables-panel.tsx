'use client'

import { useTranslations } from 'next-intl'
import { useState } from 'react'
import { TimeStamp } from '@/components/format/time-stamp'
import { useFormatters } from '@/components/format/use-formatters'
import type { TableFigures } from '@/lib/monitoring/health-report'
import { FigureTable } from './figure-table'
import { MaintenanceButton } from './maintenance-button'
import { tableProps, useWholePanel } from './use-whole-panel'

export interface TablesPanelProps {
  /** The first ones. */
  tables: readonly TableFigures[]
  total: number | null
  engine: 'sqlite' | 'postgresql'
}

/** Every table: sizes, rows, dead rows, when it was last tended to; on PostgreSQL some can be chosen for maintenance. */
export function TablesPanel({ tables, total, engine }: TablesPanelProps) {
  const t = useTranslations('database')
  const format = useFormatters()
  const [chosen, setChosen] = useState<ReadonlySet<string>>(new Set())
  const whole = useWholePanel('tables', tables, total)
  const isPostgres = engine === 'postgresql'
  const bytes = (figure: number | null) => (figure === null ? '–' : format.bytes(figure))
  const number = (figure: number | null) => (figure === null ? '–' : format.number(figure))
  const toggle = (table: string) => {
    const next = new Set(chosen)
    if (!next.delete(table)) next.add(table)
    setChosen(next)
  }
  const isSizeless = tables.length > 0 && tables.every(({ sizeBytes }) => sizeBytes === null)
  return (
    <FigureTable
      label={t('tabs.tables')}
      {...tableProps(whole)}
      sortedBy="size"
      empty={t('tables.none')}
      keyOf={({ table }) => table}
      textOf={({ table }) => table}
      actions={
        isPostgres ? (
          <div className="flex flex-wrap items-center gap-2">
            <span className="text-ink-faint text-xs">
              {chosen.size === 0 ? t('tables.choose') : t('tables.chosen', { count: chosen.size })}
            </span>
            {chosen.size === 0
              ? null
              : (['vacuum', 'analyze', 'reindex'] as const).map((operation) => (
                  <MaintenanceButton key={operation} request={{ operation, targets: [...chosen] }} />
                ))}
          </div>
        ) : isSizeless ? (
          <p className="text-ink-soft text-sm">{t('tables.sizesUnknown')}</p>
        ) : undefined
      }
      columns={[
        ...(isPostgres
          ? [
              {
                id: 'choose',
                title: '',
                cell: ({ table }: TableFigures) => (
                  <input
                    type="checkbox"
                    className="size-4 accent-(--postgres)"
                    aria-label={t('tables.chooseOne', { table })}
                    checked={chosen.has(table)}
                    onChange={() => toggle(table)}
                  />
                ),
                className: 'w-8',
              },
            ]
          : []),
        { id: 'table', title: t('tables.table'), cell: ({ table }) => table, by: ({ table }) => table, className: 'break-all max-w-56' },
        { id: 'rows', title: t('tables.rows'), isNumeric: true, by: ({ rows }) => rows, cell: ({ rows }) => number(rows) },
        {
          id: 'size',
          title: t('tables.size'),
          isNumeric: true,
          by: ({ sizeBytes }) => sizeBytes,
          cell: ({ sizeBytes }) => bytes(sizeBytes),
        },
        {
          id: 'indexes',
          title: t('tables.indexes'),
          isNumeric: true,
          isMinor: true,
          by: ({ indexesBytes }) => indexesBytes,
          cell: ({ indexesBytes }) => bytes(indexesBytes),
        },
        {
          id: 'waste',
          title: t('tables.waste'),
          isNumeric: true,
          isMinor: true,
          by: ({ bloatBytes }) => bloatBytes,
          cell: ({ bloatBytes }) => bytes(bloatBytes),
        },
        ...(isPostgres
          ? [
              {
                id: 'dead',
                title: t('tables.dead'),
                isNumeric: true,
                by: ({ deadRows }: TableFigures) => deadRows,
                cell: ({ deadRows }: TableFigures) => number(deadRows),
              },
              {
                id: 'vacuum',
                title: t('tables.lastVacuum'),
                isMinor: true,
                by: ({ lastVacuumAt }: TableFigures) => lastVacuumAt,
                cell: ({ lastVacuumAt }: TableFigures) => <When at={lastVacuumAt} />,
                className: 'whitespace-nowrap text-ink-soft text-xs',
              },
              {
                id: 'analyze',
                title: t('tables.lastAnalyze'),
                isMinor: true,
                by: ({ lastAnalyzeAt }: TableFigures) => lastAnalyzeAt,
                cell: ({ lastAnalyzeAt }: TableFigures) => <When at={lastAnalyzeAt} />,
                className: 'whitespace-nowrap text-ink-soft text-xs',
              },
            ]
          : []),
      ]}
    />
  )
}

function When({ at }: { at: string | null }) {
  const t = useTranslations('database')
  return at === null ? t('never') : <TimeStamp iso={at} relative />
}
