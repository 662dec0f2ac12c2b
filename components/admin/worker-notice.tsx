'use client'

import { useQuery } from '@tanstack/react-query'
import { useTranslations } from 'next-intl'
import { useFormatters } from '@/components/format/use-formatters'
import { useNow } from '@/components/format/use-now'
import { Callout } from '@/components/ui/callout'
import { adminStateQuery } from './state-queries'

/** Says plainly that no worker runs, and how to start one. Nothing while one does. */
export function WorkerNotice({ className }: { className?: string }) {
  const t = useTranslations('admin.worker')
  const format = useFormatters()
  const now = useNow(15_000)
  const { data } = useQuery(adminStateQuery())
  if (!data || data.worker.alive) return null
  const seen = data.worker.lastSeenAt
  return (
    <Callout tone="warning" title={t('deadTitle')} live="status" {...(className === undefined ? {} : { className })}>
      <p>{seen === null ? t('deadBodyNever') : t('deadBody', { ago: format.relative(seen, now) })}</p>
      <p className="mt-1">
        {t.rich('deadHint', { code: (text) => <code className="rounded bg-surface px-1 py-0.5 font-mono text-xs">{text}</code> })}
      </p>
    </Callout>
  )
}
