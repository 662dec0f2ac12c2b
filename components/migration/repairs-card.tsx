'use client'

import { Download } from 'lucide-react'
import { useTranslations } from 'next-intl'
import { useFormatters } from '@/components/format/use-formatters'
import { Card, CardHeader } from '@/components/ui/card'
import { Table, TableBody, TableCell, TableHead, TableHeader, TableRow } from '@/components/ui/table'
import type { JobView } from '@/lib/jobs/job'
import { migrationResultSchema } from '@/lib/migration/migration-result'
import { repairsPath } from './repair-queries'
import { useRepairText } from './use-repair-text'

const repairsSchema = migrationResultSchema.pick({ repairs: true, repairList: true })

/** What a migration repaired by choice: where, what, how many rows, which; and the whole list. Nothing where nothing was. */
export function RepairsCard({ job }: { job: JobView }) {
  const t = useTranslations('migration.repairs')
  const text = useRepairText()
  const format = useFormatters()
  const parsed = repairsSchema.safeParse(job.result)
  if (!parsed.success || parsed.data.repairs.length === 0) return null
  const { repairs, repairList } = parsed.data
  const total = repairs.reduce((sum, { rows }) => sum + rows, 0)
  return (
    <Card aria-labelledby="repaired">
      <CardHeader
        title={t('done.title', { count: total, shown: format.number(total) })}
        titleId="repaired"
        description={t('done.description')}
        actions={
          repairList === null ? null : (
            <a
              href={repairsPath(job.id)}
              download
              className="inline-flex items-center gap-1.5 rounded px-1 text-info-ink text-sm underline-offset-4 hover:underline"
            >
              <Download aria-hidden className="size-4" />
              {t('done.download')}
            </a>
          )
        }
      />
      <Table label={t('done.table')}>
        <TableHead>
          <tr>
            <TableHeader>{t('done.where')}</TableHeader>
            <TableHeader>{t('done.what')}</TableHeader>
            <TableHeader className="text-right">{t('done.rows')}</TableHeader>
          </tr>
        </TableHead>
        <TableBody>
          {repairs.map((repair) => (
            <TableRow key={[repair.code, repair.kind, repair.choice, repair.table, repair.column].join('\0')} className="align-top">
              <TableCell className="min-w-24 align-top">
                <p className="break-words font-medium">{[repair.table, repair.column].filter((part) => part !== null).join('.')}</p>
                <p className="break-all font-mono text-ink-faint text-xs">
                  {repair.keys.slice(0, 3).map(text.key).join(' · ')}
                  {repair.rows > 3 ? ' …' : ''}
                </p>
              </TableCell>
              <TableCell className="min-w-32 align-top">
                <p>{text.title(repair.kind)}</p>
                <p className="text-ink-faint">{text.choice(repair.kind, repair.choice)}</p>
                {repair.followed === 0 ? null : (
                  <p>{t('done.followed', { count: repair.followed, shown: format.number(repair.followed) })}</p>
                )}
              </TableCell>
              <TableCell className="text-right align-top">{format.number(repair.rows)}</TableCell>
            </TableRow>
          ))}
        </TableBody>
      </Table>
      {repairList === null ? null : (
        <p className="break-all border-line border-t px-4 py-2.5 font-mono text-ink-faint text-xs sm:px-5">
          {repairList.path} · SHA-256 {repairList.sha256}
        </p>
      )}
    </Card>
  )
}
