'use client'

import { ChevronDown, ChevronRight } from 'lucide-react'
import { useTranslations } from 'next-intl'
import { Button } from '@/components/ui/button'
import { classNames } from '@/components/ui/class-names'
import { TableCell, TableHeader, TableRow } from '@/components/ui/table'
import type { BrowsedPage, Cell } from '@/lib/verification/browsed-rows'
import { DifferenceValues } from './difference-values'

export interface BrowsedRowProps {
  table: string
  row: BrowsedPage['rows'][number]
  columns: BrowsedPage['columns']
  isOpen: boolean
  onToggle: () => void
}

/** One row as both sides have it, one line a side; whole and unmasked values on demand. */
export function BrowsedRow({ table, row, columns, isOpen, onToggle }: BrowsedRowProps) {
  const t = useTranslations('verification.lookInside')
  return (
    <>
      <Side name="source" cells={row.source} columns={columns}>
        <Button
          variant="quiet"
          size="small"
          className="-ml-1 size-6 px-0"
          aria-expanded={isOpen}
          aria-label={t('whole')}
          onClick={onToggle}
          icon={isOpen ? <ChevronDown aria-hidden /> : <ChevronRight aria-hidden />}
        />
      </Side>
      <Side name="target" cells={row.target} columns={columns}>
        <span className="inline-block w-5" />
      </Side>
      {isOpen ? (
        <TableRow>
          <TableCell colSpan={columns.length + 1} className="bg-sunken/50">
            <DifferenceValues request={{ table, key: row.key }} />
          </TableCell>
        </TableRow>
      ) : null}
    </>
  )
}

interface SideProps {
  name: 'source' | 'target'
  cells: readonly Cell[] | null | undefined
  columns: BrowsedPage['columns']
  children: React.ReactNode
}

function Side({ name, cells, columns, children }: SideProps) {
  const t = useTranslations('verification.lookInside')
  return (
    <TableRow className={classNames(name === 'source' && 'border-b-0')}>
      <TableHeader scope="row" className={classNames('h-7 py-0.5', name === 'source' ? 'text-sqlite-ink' : 'text-postgres-ink')}>
        <span className="flex items-center gap-1">
          {children}
          {name === 'source' ? 'SQLite' : 'PostgreSQL'}
        </span>
      </TableHeader>
      {cells ? (
        cells.map((cell, at) => (
          <TableCell key={columns[at]?.name ?? at} className="h-7 max-w-64 py-0.5 font-mono text-xs">
            <span className="block truncate">{<Content cell={cell} />}</span>
          </TableCell>
        ))
      ) : (
        <TableCell colSpan={columns.length} className="h-7 py-0.5 text-danger-ink text-xs">
          {t(cells === null ? 'missing' : 'notLookedUp')}
        </TableCell>
      )}
    </TableRow>
  )
}

function Content({ cell }: { cell: Cell }) {
  const t = useTranslations('verification.lookInside')
  switch (cell.form) {
    case 'null':
      return <span className="text-ink-faint italic">NULL</span>
    case 'masked':
      return (
        <span role="img" aria-label={t('masked')} title={t('masked')} className="text-ink-faint">
          ••••••
        </span>
      )
    case 'hex':
      return (
        <span title={t('bytes', { count: cell.lengthBytes })}>
          x{cell.text}
          {cell.isCut ? '…' : ''}
        </span>
      )
    case 'text':
      return (
        <span title={cell.text}>
          {cell.text}
          {cell.isCut ? '…' : ''}
        </span>
      )
  }
}
