'use client'

import { useQuery } from '@tanstack/react-query'
import { useTranslations } from 'next-intl'
import { StatusDot } from '@/components/ui/status-dot'
import { adminStateQuery } from './state-queries'

/** Active engine and worker at the foot of the navigation. */
export function StatusFoot() {
  const t = useTranslations('admin')
  const { data, isError } = useQuery(adminStateQuery())
  if (isError && !data) return <p className="px-2 text-danger-ink text-xs">{t('offline')}</p>
  if (!data) return <div className="h-10" />
  return (
    <dl className="grid grid-cols-[auto_1fr] gap-x-2 gap-y-1 px-2 text-xs">
      <dt className="sr-only">{t('engine.active')}</dt>
      <dd className="col-span-2 flex items-center gap-2 text-ink-soft">
        <StatusDot tone={data.engine === 'sqlite' ? 'sqlite' : 'postgres'} />
        {t(`engine.${data.engine}`)}
        {data.writable ? '' : ` · ${t('engine.readOnly')}`}
      </dd>
      <dt className="sr-only">{t('worker.label')}</dt>
      <dd className="col-span-2 flex items-center gap-2 text-ink-soft">
        <StatusDot tone={data.worker.alive ? 'success' : 'danger'} />
        {t('worker.label')} · {t(data.worker.alive ? 'worker.alive' : 'worker.dead')}
      </dd>
    </dl>
  )
}
