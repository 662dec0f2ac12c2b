'use client'

import { useQuery } from '@tanstack/react-query'
import { useTranslations } from 'next-intl'
import { LinkButton } from '@/components/ui/button'
import { Callout } from '@/components/ui/callout'
import { PlannedTime } from './planned-time'
import { switchPlanQuery } from './switch-plan-queries'

/** For pages that are about something else: a switch that is to come, or one that was not made; nothing otherwise. */
export function SwitchPlanNotice() {
  const t = useTranslations('migration.switchPlan')
  const { data: plan } = useQuery(switchPlanQuery())
  if (!plan || plan.when.kind === 'held') return null
  const { when, stopped } = plan
  return (
    <Callout
      tone={stopped === null ? 'info' : 'danger'}
      title={stopped === null ? t('noticeTitle') : t('stoppedTitle')}
      live={stopped === null ? 'status' : 'alert'}
      actions={
        <LinkButton href="/admin/migration" size="small">
          {t('noticeAction')}
        </LinkButton>
      }
    >
      {stopped === null ? null : <p>{t(`stopped.${stopped.reason}`)}</p>}
      <p>{when.kind === 'at' ? <PlannedTime iso={when.at} zone={when.zone} /> : t('when.when-ready.title')}</p>
    </Callout>
  )
}
