'use client'

import { useQuery } from '@tanstack/react-query'
import { Siren } from 'lucide-react'
import { useTranslations } from 'next-intl'
import { rollbackPreviewQuery } from '@/components/migration/migration-queries'
import { Badge } from '@/components/ui/badge'
import { LinkButton } from '@/components/ui/button'
import { WayCard } from './way-card'

/** While PostgreSQL is gone: at once, without what was written there since. */
export function EmergencyWay() {
  const t = useTranslations('rollback')
  const { data } = useQuery(rollbackPreviewQuery())
  return (
    <WayCard
      id="way-emergency"
      title={t('emergency.title')}
      description={t('emergency.body')}
      badge={<Badge tone="warning">{t('emergency.badge')}</Badge>}
      facts={[
        [t('loses'), data ? t('emergency.loses', { count: data.total }) : t('emergency.losesUnknown')],
        [t('takes'), t('emergency.takes')],
        [t('meanwhile'), t('emergency.meanwhile')],
      ]}
      actions={
        <LinkButton href="/emergency" icon={<Siren aria-hidden />}>
          {t('emergency.button')}
        </LinkButton>
      }
    />
  )
}
