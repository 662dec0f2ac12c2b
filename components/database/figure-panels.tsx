'use client'

import { useTranslations } from 'next-intl'
import type { z } from 'zod'
import { useFormatters } from '@/components/format/use-formatters'
import { Badge } from '@/components/ui/badge'
import type { IndexFigures, Replication, Sequence, Statements, settingSchema } from '@/lib/monitoring/health-report'
import { FigureTable } from './figure-table'
import { tableProps, useWholePanel } from './use-whole-panel'

/** Every index with its size and how often it was used. */
export function IndexesPanel({ indexes, total }: { indexes: readonly IndexFigures[]; total: number | null }) {
  const t = useTranslations('database')
  const format = useFormatters()
  const whole = useWholePanel('indexes', indexes, total)
  return (
    <FigureTable
      label={t('tabs.indexes')}
      {...tableProps(whole)}
      sortedBy="size"
      empty={t('indexes.none')}
      keyOf={({ table, index }) => `${table} ${index}`}
      textOf={({ table, index }) => `${table} ${index}`}
      columns={[
        {
          id: 'index',
          title: t('indexes.index'),
          by: ({ index }) => index,
          className: 'max-w-72 break-all',
          cell: ({ index, isValid, isUnique, constraint, definition }) => (
            <span className="flex flex-wrap items-center gap-1.5" title={definition}>
              {index}
              {isValid ? null : <Badge tone="danger">{t('indexes.invalid')}</Badge>}
              {isUnique ? <Badge>{t(constraint === null ? 'indexes.unique' : 'indexes.constraint')}</Badge> : null}
            </span>
          ),
        },
        {
          id: 'table',
          title: t('tables.table'),
          by: ({ table }) => table,
          cell: ({ table }) => table,
          isMinor: true,
          className: 'break-all',
        },
        {
          id: 'size',
          title: t('tables.size'),
          isNumeric: true,
          by: ({ sizeBytes }) => sizeBytes,
          cell: ({ sizeBytes }) => (sizeBytes === null ? '–' : format.bytes(sizeBytes)),
        },
        {
          id: 'scans',
          title: t('indexes.scans'),
          isNumeric: true,
          by: ({ scans }) => scans,
          cell: ({ scans }) => (scans === null ? '–' : format.number(scans)),
        },
      ]}
    />
  )
}

/** The statements that took most time together; or what stands in the way of knowing. */
export function StatementsPanel({ statements }: { statements: Statements }) {
  const t = useTranslations('database')
  const format = useFormatters()
  if (statements.state !== 'ready') return <p className="px-4 py-5 text-ink-soft text-sm sm:px-5">{t(`statements.${statements.state}`)}</p>
  return (
    <>
      {statements.isLimited ? <p className="px-4 pt-4 text-ink-soft text-sm sm:px-5">{t('statements.limited')}</p> : null}
      <FigureTable
        label={t('tabs.statements')}
        rows={statements.statements}
        sortedBy="total"
        empty={t('statements.none')}
        keyOf={({ id }) => id}
        textOf={({ statement }) => statement}
        columns={[
          {
            id: 'statement',
            title: t('statements.statement'),
            className: 'min-w-64 max-w-lg',
            cell: ({ statement }) => (
              <span className="line-clamp-3 break-words font-mono text-xs" title={statement}>
                {statement}
              </span>
            ),
          },
          {
            id: 'calls',
            title: t('statements.calls'),
            isNumeric: true,
            by: ({ calls }) => calls,
            cell: ({ calls }) => format.number(calls),
          },
          {
            id: 'mean',
            title: t('statements.mean'),
            isNumeric: true,
            by: ({ meanMs }) => meanMs,
            cell: ({ meanMs }) => format.duration(Math.max(1, meanMs)),
          },
          {
            id: 'total',
            title: t('statements.total'),
            isNumeric: true,
            by: ({ totalMs }) => totalMs,
            cell: ({ totalMs }) => format.duration(Math.max(1, totalMs)),
          },
          {
            id: 'rows',
            title: t('tables.rows'),
            isNumeric: true,
            isMinor: true,
            by: ({ rows }) => rows,
            cell: ({ rows }) => format.number(rows),
          },
          {
            id: 'hits',
            title: t('statements.hits'),
            isNumeric: true,
            isMinor: true,
            by: ({ hitShare }) => hitShare,
            cell: ({ hitShare }) => (hitShare === null ? '–' : format.percent(hitShare)),
          },
        ]}
      />
    </>
  )
}

/** Sequences, the fullest first. */
export function SequencesPanel({ sequences, total }: { sequences: readonly Sequence[]; total: number | null }) {
  const t = useTranslations('database')
  const format = useFormatters()
  const whole = useWholePanel('sequences', sequences, total)
  return (
    <FigureTable
      label={t('tabs.sequences')}
      {...tableProps(whole)}
      sortedBy="used"
      empty={t('sequences.none')}
      keyOf={({ sequence }) => sequence}
      textOf={({ sequence, table }) => `${sequence} ${table ?? ''}`}
      columns={[
        {
          id: 'sequence',
          title: t('sequences.sequence'),
          by: ({ sequence }) => sequence,
          cell: ({ sequence }) => sequence,
          className: 'break-all',
        },
        {
          id: 'column',
          title: t('sequences.column'),
          isMinor: true,
          cell: ({ table, column, columnType }) => (table === null ? '–' : `${table}.${column} (${columnType})`),
          className: 'break-all',
        },
        {
          id: 'last',
          title: t('sequences.last'),
          isNumeric: true,
          cell: ({ lastValue, isReadable }) =>
            isReadable ? (lastValue === null ? '–' : format.number(Number(lastValue))) : t('sessions.hidden'),
        },
        { id: 'limit', title: t('sequences.limit'), isNumeric: true, isMinor: true, cell: ({ limit }) => format.compact(Number(limit)) },
        {
          id: 'used',
          title: t('sequences.used'),
          isNumeric: true,
          by: ({ usedShare }) => usedShare,
          cell: ({ usedShare }) => (usedShare === null ? '–' : usedShare === 0 ? format.percent(0) : format.percent(usedShare)),
        },
      ]}
    />
  )
}

/** Settings as the server has them. */
export function SettingsPanel({ settings }: { settings: readonly z.infer<typeof settingSchema>[] }) {
  const t = useTranslations('database')
  return (
    <FigureTable
      label={t('tabs.settings')}
      rows={settings}
      sortedBy=""
      empty={t('noMatch')}
      keyOf={({ name }) => name}
      textOf={({ name }) => name}
      columns={[
        {
          id: 'name',
          title: t('settings.name'),
          by: ({ name }) => name,
          cell: ({ name }) => <span className="font-mono text-xs">{name}</span>,
          className: 'break-all',
        },
        {
          id: 'setting',
          title: t('settings.setting'),
          cell: ({ setting, unit }) => <span className="font-mono text-xs">{unit === null ? setting : `${setting} × ${unit}`}</span>,
        },
        {
          id: 'source',
          title: t('settings.source'),
          by: ({ source }) => source,
          cell: ({ source }) => source,
          isMinor: true,
          className: 'text-ink-soft text-xs',
        },
      ]}
    />
  )
}

/** Replicas and slots. */
export function ReplicationPanel({ replication: { replicas, slots } }: { replication: Replication }) {
  const t = useTranslations('database')
  const format = useFormatters()
  if (replicas.length + slots.length === 0) return <p className="px-4 py-5 text-ink-soft text-sm sm:px-5">{t('replication.none')}</p>
  const bytes = (figure: number | null) => (figure === null ? t('sessions.hidden') : format.bytes(figure))
  return (
    <ul className="flex flex-col divide-y divide-line text-sm">
      {replicas.map(({ name, state, lagBytes }) => (
        <li key={`replica ${name}`} className="flex flex-wrap justify-between gap-3 px-4 py-2.5 sm:px-5">
          <span>{t('replication.replica', { name })}</span>
          <span className="text-ink-soft">{[state, t('replication.behind', { size: bytes(lagBytes) })].filter(Boolean).join(' · ')}</span>
        </li>
      ))}
      {slots.map(({ name, isActive, heldBytes }) => (
        <li key={`slot ${name}`} className="flex flex-wrap justify-between gap-3 px-4 py-2.5 sm:px-5">
          <span>{t('replication.slot', { name })}</span>
          <span className="text-ink-soft">{`${t(isActive ? 'replication.active' : 'replication.inactive')} · ${t('replication.holds', { size: bytes(heldBytes) })}`}</span>
        </li>
      ))}
    </ul>
  )
}
