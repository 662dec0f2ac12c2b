'use client'

import { useMutation, useQuery, useQueryClient } from '@tanstack/react-query'
import { CloudUpload, FlaskConical } from 'lucide-react'
import Link from 'next/link'
import { useTranslations } from 'next-intl'
import { ErrorPanel } from '@/components/api/error-panel'
import { ExplainLink } from '@/components/api/explain-link'
import { TimeStamp } from '@/components/format/time-stamp'
import { Badge } from '@/components/ui/badge'
import { Button } from '@/components/ui/button'
import { Card, CardBody, CardHeader } from '@/components/ui/card'
import type { BackupView } from '@/lib/backup/backup-view'
import { startTrialMutation } from './backup-queries'
import { copyBackupMutation, destinationsQuery } from './destination-queries'

const tones = { uploaded: 'success', failed: 'danger', uploading: 'info' } as const

/** Where the archive is: here and at each destination; to copy it there, and to try a copy. */
export function CopiesCard({ backup, isBusy }: { backup: BackupView; isBusy: boolean }) {
  const t = useTranslations('backups.copies')
  const queryClient = useQueryClient()
  const { data: destinations } = useQuery(destinationsQuery())
  const copy = useMutation(copyBackupMutation(queryClient))
  const trial = useMutation(startTrialMutation(queryClient))
  const due = destinations?.filter(
    ({ id, enabled }) => enabled && !backup.copies.some((known) => known.destinationId === id && known.status === 'uploaded'),
  )
  const canCopy = backup.present && due !== undefined && due.length > 0
  return (
    <Card aria-labelledby="backup-copies">
      <CardHeader
        title={t('title')}
        titleId="backup-copies"
        description={t('body')}
        actions={
          canCopy ? (
            <Button
              pending={copy.isPending || isBusy}
              onClick={() => copy.mutate({ id: backup.id, destinationIds: null })}
              icon={<CloudUpload aria-hidden />}
            >
              {t('copyNow')}
            </Button>
          ) : undefined
        }
      />
      <CardBody className="flex flex-col gap-3">
        <ul className="flex flex-col divide-y divide-line text-sm">
          <li className="flex flex-wrap items-center justify-between gap-2 pb-2">
            <span className="font-medium">{t('here')}</span>
            <Badge tone={backup.present ? 'success' : 'neutral'}>{t(backup.present ? 'hereThere' : 'hereGone')}</Badge>
          </li>
          {backup.copies.map(({ destinationId, name, status, at, error, key }) => (
            <li key={destinationId} className="flex flex-col gap-1 py-2">
              <span className="flex flex-wrap items-center justify-between gap-2">
                <span className="font-medium">{name ?? t('removed')}</span>
                <span className="flex flex-wrap items-center gap-2">
                  <span className="text-ink-faint text-xs">
                    <TimeStamp iso={at} />
                  </span>
                  <Badge tone={tones[status]}>{t(`status.${status}`)}</Badge>
                </span>
              </span>
              {error ? (
                <span className="text-danger-ink text-xs">
                  <span lang="en">
                    {error.message} {error.hint}
                  </span>{' '}
                  <ExplainLink code={error.code} />
                </span>
              ) : null}
              {status === 'uploaded' ? (
                <span className="flex flex-wrap items-center justify-between gap-2">
                  <span className="break-all font-mono text-ink-faint text-xs">{key}</span>
                  {backup.keyKnown && !backup.foreign ? (
                    <Button
                      size="small"
                      pending={isBusy || (trial.isPending && trial.variables.from === destinationId)}
                      onClick={() => trial.mutate({ id: backup.id, key: null, from: destinationId })}
                      icon={<FlaskConical aria-hidden />}
                    >
                      {t('tryThis')}
                    </Button>
                  ) : null}
                </span>
              ) : null}
            </li>
          ))}
        </ul>
        {destinations?.length === 0 ? (
          <p className="text-ink-soft text-sm">
            {t('none')}{' '}
            <Link href="/admin/backups/destinations" className="rounded text-info-ink underline underline-offset-4">
              {t('noneLink')}
            </Link>
          </p>
        ) : null}
        {copy.error ? <ErrorPanel error={copy.error} announce /> : null}
        {trial.error ? <ErrorPanel error={trial.error} announce /> : null}
      </CardBody>
    </Card>
  )
}
