'use client'

import { useTranslations } from 'next-intl'
import { useFormatters } from '@/components/format/use-formatters'
import { Card, CardHeader } from '@/components/ui/card'
import { Table, TableBody, TableCell, TableHead, TableHeader, TableRow } from '@/components/ui/table'
import type { Advice } from '@/lib/advisor/advice'

const rows = ['scale', 'reads', 'writes', 'backups', 'availability', 'maintenance', 'cost'] as const

/** SQLite and PostgreSQL beside each other, with this app's own figures where there are some. */
export function ComparisonCard({ advice: { figures, needs } }: { advice: Advice }) {
  const t = useTranslations('advisor')
  const format = useFormatters()
  const unknown = t('notKnown')
  const own: Partial<Record<(typeof rows)[number], string>> = {
    scale: figures.users === null ? unknown : t('own.users', { count: figures.users }),
    writes:
      figures.writesPeak === null
        ? unknown
        : t('own.writes', {
            peak: Math.round(figures.writesPeak * 10) / 10,
            busy: figures.busyShare === null ? unknown : figures.busyShare === 0 ? '0' : format.percent(figures.busyShare),
          }),
    backups: figures.sizeBytes === null ? unknown : t('own.size', { size: format.bytes(figures.sizeBytes) }),
    availability: needs === null ? unknown : t('own.machines', { count: needs.machines }),
  }
  return (
    <Card aria-labelledby="comparison" className="overflow-hidden">
      <CardHeader title={t('comparison')} titleId="comparison" />
      <Table label={t('comparison')}>
        <TableHead>
          <tr>
            <TableHeader>{t('factor')}</TableHeader>
            <TableHeader>SQLite</TableHeader>
            <TableHeader>PostgreSQL</TableHeader>
            <TableHeader>{t('here')}</TableHeader>
          </tr>
        </TableHead>
        <TableBody>
          {rows.map((row) => (
            <TableRow key={row}>
              <TableCell className="font-medium">{t(`rows.${row}.name`)}</TableCell>
              <TableCell className="min-w-40">{t(`rows.${row}.sqlite`)}</TableCell>
              <TableCell className="min-w-40">{t(`rows.${row}.postgresql`)}</TableCell>
              <TableCell className="tabular min-w-32">{own[row] ?? '–'}</TableCell>
            </TableRow>
          ))}
        </TableBody>
      </Table>
    </Card>
  )
}
