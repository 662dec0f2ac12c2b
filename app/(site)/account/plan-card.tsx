'use client'

import { useLocale, useTranslations } from 'next-intl'
import { Badge, type BadgeTone } from '@/components/ui/badge'
import { Card, CardBody, CardHeader } from '@/components/ui/card'
import type { PlanView } from '@/lib/cvsite/account-overview'
import { LocalDate } from '../local-date'

const tones: Record<PlanView['status'], BadgeTone> = { TRIALING: 'info', ACTIVE: 'success', PAST_DUE: 'warning', CANCELED: 'neutral' }

/** The plan that the person is on, or that there is none. */
export function PlanCard({ plan }: { plan: PlanView | null }) {
  const t = useTranslations('site.account')
  const locale = useLocale()
  if (!plan) {
    return (
      <Card aria-labelledby="plan">
        <CardHeader title={t('plan')} titleId="plan" />
        <CardBody>
          <p className="font-medium">{t('noPlan')}</p>
          <p className="text-ink-faint text-sm">{t('noPlanBody')}</p>
        </CardBody>
      </Card>
    )
  }
  // Prices are for the eye here: two decimals, whatever the database holds.
  const price = new Intl.NumberFormat(locale, { style: 'currency', currency: plan.currency }).format(Number(plan.pricePerMonth))
  return (
    <Card aria-labelledby="plan">
      <CardHeader title={t('plan')} titleId="plan" actions={<Badge tone={tones[plan.status]}>{t(`statuses.${plan.status}`)}</Badge>} />
      <CardBody>
        <p className="font-semibold text-xl">{plan.name}</p>
        <p className="whitespace-pre-line text-ink-soft text-sm">{plan.description}</p>
        <ul className="mt-3 text-ink-soft text-sm">
          <li>{t('pricePerMonth', { price })}</li>
          <li>{t('monthlyCredits', { count: plan.monthlyCredits })}</li>
          <li>{t.rich(plan.cancelAtPeriodEnd ? 'ends' : 'renews', { day: () => <LocalDate iso={plan.currentPeriodEnd} /> })}</li>
        </ul>
      </CardBody>
    </Card>
  )
}
