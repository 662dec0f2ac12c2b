'use client'

import { useQuery } from '@tanstack/react-query'
import { CircleCheck, CircleHelp, CircleX, TriangleAlert } from 'lucide-react'
import { useTranslations } from 'next-intl'
import { TimeStamp } from '@/components/format/time-stamp'
import { useFormatters } from '@/components/format/use-formatters'
import { LinkButton } from '@/components/ui/button'
import { Card } from '@/components/ui/card'
import { classNames } from '@/components/ui/class-names'
import { Skeleton } from '@/components/ui/skeleton'
import type { Recoverability } from '@/lib/backup/could-recover'
import { recoverabilityQuery } from './backup-queries'

const looks: Record<Recoverability['state'], { Icon: typeof CircleCheck; ink: string }> = {
  yes: { Icon: CircleCheck, ink: 'text-success-ink' },
  'with-key': { Icon: CircleCheck, ink: 'text-success-ink' },
  old: { Icon: TriangleAlert, ink: 'text-warning-ink' },
  untested: { Icon: TriangleAlert, ink: 'text-warning-ink' },
  no: { Icon: CircleX, ink: 'text-danger-ink' },
}

/** "Could I recover now?" in one line: yes or no, from which backup, how old, and whether the key is here. */
export function RecoverAnswer({ withLink = false }: { withLink?: boolean }) {
  const t = useTranslations('backups.recover')
  const format = useFormatters()
  const { data, error } = useQuery(recoverabilityQuery())
  const look = data ? looks[data.state] : { Icon: CircleHelp, ink: 'text-ink-faint' }
  return (
    <Card className="flex flex-wrap items-center gap-x-4 gap-y-2 px-4 py-3 sm:px-5">
      <look.Icon aria-hidden className={classNames('size-5 shrink-0', look.ink)} />
      <div className="min-w-0 flex-1 text-sm">
        <p>
          <span className="text-ink-soft">{t('question')}</span>{' '}
          {data ? <span className="font-medium">{t(`state.${data.state}`)}</span> : error ? t('unknown') : null}
        </p>
        {!data && !error ? <Skeleton className="mt-1 h-4 w-64" /> : null}
        {data?.backup ? (
          <p className="text-ink-faint">
            {t.rich(data.state === 'untested' ? 'fromUntested' : 'from', {
              when: () => <TimeStamp iso={data.backup?.createdAt ?? ''} relative />,
              size: format.bytes(data.backup.sizeBytes ?? 0),
              where: [
                ...(data.backup.present ? [t('place.here')] : []),
                ...(data.backup.copies > 0 ? [t('place.copies', { count: data.backup.copies })] : []),
              ].join(', '),
              key: t(data.backup.encrypted ? (data.backup.keyKnown ? 'key.known' : 'key.elsewhere') : 'key.none'),
            })}
          </p>
        ) : null}
        {data?.failedSince ? (
          <p className="text-danger-ink">{t.rich('failedSince', { when: () => <TimeStamp iso={data.failedSince ?? ''} relative /> })}</p>
        ) : null}
      </div>
      {withLink ? <LinkButton href="/admin/backups">{t('open')}</LinkButton> : null}
    </Card>
  )
}
