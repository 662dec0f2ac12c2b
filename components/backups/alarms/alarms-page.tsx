'use client'

import { useQuery } from '@tanstack/react-query'
import { useTranslations } from 'next-intl'
import { PageHeader } from '@/components/admin/page-header'
import { WorkerNotice } from '@/components/admin/worker-notice'
import { ErrorPanel } from '@/components/api/error-panel'
import { Callout } from '@/components/ui/callout'
import { LoadingCard } from '@/components/ui/loading-card'
import { AlarmHistory } from './alarm-history'
import { alarmSettingsQuery, alarmsQuery } from './alarm-queries'
import { AlarmSettingsForm } from './alarm-settings-form'
import { HealthCard } from './health-card'
import { OpenAlarms } from './open-alarms'

/** Alarms of the backups: what stands, who is told and how, what was told, and the address for a monitor. */
export function AlarmsPage() {
  const t = useTranslations('alarms')
  const list = useQuery(alarmsQuery())
  const settings = useQuery(alarmSettingsQuery())
  const open = list.data?.filter(({ clearedAt }) => clearedAt === null)
  return (
    <>
      <PageHeader back={{ href: '/admin/backups', label: t('back') }} title={t('title')} description={t('description')} />
      <div className="flex flex-col gap-4">
        <WorkerNotice />
        {list.error && !list.data ? <ErrorPanel error={list.error} onRetry={() => void list.refetch()} /> : null}
        {open?.length === 0 ? <Callout tone="success" title={t('none')} /> : null}
        <OpenAlarms />
        {settings.error && !settings.data ? <ErrorPanel error={settings.error} onRetry={() => void settings.refetch()} /> : null}
        {settings.isPending ? <LoadingCard label={t('loading')} rows={8} /> : null}
        {settings.data ? (
          <>
            <AlarmSettingsForm settings={settings.data} />
            <HealthCard hasToken={settings.data.hasHealthToken} />
          </>
        ) : null}
        {list.data && list.data.length > 0 ? <AlarmHistory alarms={list.data} /> : null}
      </div>
    </>
  )
}
