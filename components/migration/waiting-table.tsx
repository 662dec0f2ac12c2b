'use client'

import { useTranslations } from 'next-intl'
import { TableName } from '@/components/format/table-name'
import { useFormatters } from '@/components/format/use-formatters'
import { classNames } from '@/components/ui/class-names'
import { Table, TableBody, TableCell, TableHead, TableHeader, TableRow } from '@/components/ui/table'
import type { RollbackPreview } from './migration-queries'

/** For each table how many rows inserted, updated and deleted on PostgreSQL wait to be carried back to SQLite. */
export function WaitingTable({ preview }: { preview: RollbackPreview }) {
  const t = useTranslations('migration.postgres')
  const format = useFormatters()
  const count = (value: number) => <span className={classNames(value === 0 && 'text-ink-faint')}>{format.number(value)}</span>
  const tables = preview.tables
    .map((table) => ({ ...table, sum: table.inserted + table.updated + table.deleted }))
    .filter((table) => table.sum > 0)
    .sort((a, b) => b.sum - a.sum)
  return (
    <Table label={t('waiting')}>
      <TableHead>
        <tr>
          <TableHeader>{t('table')}</TableHeader>
          <TableHeader className="text-right">{t('inserted')}</TableHeader>
          <TableHeader className="text-right">{t('updated')}</TableHeader>
          <TableHeader className="text-right">{t('deleted')}</TableHeader>
          <TableHeader className="text-right max-sm:hidden">{t('sum')}</TableHeader>
        </tr>
      </TableHead>
      <TableBody>
        {tables.map((table) => (
          <TableRow key={table.table}>
            <TableHeader scope="row" className="h-9 font-medium text-ink sm:text-sm">
              <TableName name={table.table} />
            </TableHeader>
            <TableCell className="text-right">{count(table.inserted)}</TableCell>
            <TableCell className="text-right">{count(table.updated)}</TableCell>
            <TableCell className="text-right">{count(table.deleted)}</TableCell>
            <TableCell className="text-right font-medium max-sm:hidden">{count(table.sum)}</TableCell>
          </TableRow>
        ))}
      </TableBody>
    </Table>
  )
}
