'use client'

import { Archive } from 'lucide-react'
import Link from 'next/link'
import { useTranslations } from 'next-intl'
import { useState } from 'react'
import { TimeStamp } from '@/components/format/time-stamp'
import { useFormatters } from '@/components/format/use-formatters'
import { Button } from '@/components/ui/button'
import { Card, CardHeader } from '@/components/ui/card'
import { EmptyState } from '@/components/ui/empty-state'
import { Table, TableBody, TableCell, TableHead, TableHeader, TableRow } from '@/components/ui/table'
import type { BackupView } from '@/lib/backup/backup-view'
import { CopyBadge, EncryptionBadge, LockBadge, TrustBadge } from './backup-badges'
import { requesterOf } from './requester'

/** As many as a month of daily backups has; what stands below them stays in reach. */
const shownAtFirst = 30

/** All backups, newest first, each a way to its page. */
export function BackupsTable({ backups, folder }: { backups: readonly BackupView[]; folder: string }) {
  const t = useTranslations('backups')
  const format = useFormatters()
  const [showsAll, setShowsAll] = useState(false)
  const shown = showsAll ? backups : backups.slice(0, shownAtFirst)
  const total = backups.reduce((sum, backup) => sum + (backup.present ? (backup.sizeBytes ?? 0) : 0), 0)
  return (
    <Card aria-labelledby="backup-list">
      <CardHeader
        title={t('list')}
        titleId="backup-list"
        {...(backups.length > 0 ? { description: t('listBody', { folder, size: format.bytes(total) }) } : {})}
      />
      {backups.length === 0 ? (
        <EmptyState icon={<Archive />} title={t('none')} className="pt-4 pb-10">
          {t('noneBody')}
        </EmptyState>
      ) : (
        <Table label={t('list')}>
          <TableHead>
            <tr>
              <TableHeader>{t('when')}</TableHeader>
              <TableHeader>{t('state')}</TableHeader>
              <TableHeader className="text-right">{t('size')}</TableHeader>
              <TableHeader className="max-md:hidden">{t('database')}</TableHeader>
              <TableHeader className="max-md:hidden">{t('encryptionTitle')}</TableHeader>
              <TableHeader className="max-lg:hidden">{t('by')}</TableHeader>
            </tr>
          </TableHead>
          <TableBody>
            {shown.map((backup) => (
              <TableRow key={backup.id} className="relative hover:bg-hover">
                <TableCell className="sm:whitespace-nowrap">
                  <Link
                    href={`/admin/backups/${backup.id}`}
                    className="rounded font-medium underline-offset-4 after:absolute after:inset-0 hover:underline"
                  >
                    <TimeStamp iso={backup.createdAt} />
                  </Link>
                </TableCell>
                <TableCell>
                  <span className="flex flex-wrap gap-1">
                    <TrustBadge backup={backup} />
                    <CopyBadge backup={backup} />
                    <LockBadge backup={backup} />
                  </span>
                </TableCell>
                <TableCell className="tabular whitespace-nowrap text-right">
                  {backup.sizeBytes === null ? '–' : format.bytes(backup.sizeBytes)}
                </TableCell>
                <TableCell className="max-md:hidden">{t(`engine.${backup.engine}`)}</TableCell>
                <TableCell className="max-md:hidden">{backup.status === 'written' ? <EncryptionBadge backup={backup} /> : '–'}</TableCell>
                <TableCell className="max-w-56 truncate text-ink-soft max-lg:hidden">
                  {t(`origin.${backup.origin}`)} · {requesterOf(backup.requestedBy)}
                </TableCell>
              </TableRow>
            ))}
          </TableBody>
        </Table>
      )}
      {shown.length < backups.length ? (
        <div className="border-line border-t px-3 py-2">
          <Button variant="quiet" size="small" onClick={() => setShowsAll(true)}>
            {t('showAll', { count: backups.length })}
          </Button>
        </div>
      ) : null}
    </Card>
  )
}
