'use client'

import { ArrowRight } from 'lucide-react'
import { useTranslations } from 'next-intl'
import type { AdminState } from '@/components/admin/state-queries'
import { LinkButton } from '@/components/ui/button'
import { Card, CardBody, CardHeader } from '@/components/ui/card'

const steps = {
  'on-sqlite': { text: 'nextSqlite', href: '/admin/migration' },
  migrating: { text: 'nextMigrating', href: '/admin/migration' },
  copying: { text: 'nextMigratingLive', href: '/admin/migration' },
  'ready-to-switch': { text: 'nextReady', href: '/admin/migration' },
  following: { text: 'nextReadyLive', href: '/admin/migration' },
  'on-postgresql': { text: 'nextPostgres', href: '/admin/verification' },
} as const

/** While the app goes on writing, other things are true. */
const liveSteps = new Map<string, 'copying' | 'following'>([
  ['migrating', 'copying'],
  ['ready-to-switch', 'following'],
])

/** The one thing to do next, by where the app stands. */
export function NextStep({ state }: { state: AdminState }) {
  const t = useTranslations('overview')
  const { status, mode } = state.state
  const live = mode === 'live' ? liveSteps.get(status) : undefined
  const step = steps[live ?? status]
  return (
    <Card aria-labelledby="next" className="flex flex-col">
      <CardHeader title={t('next')} titleId="next" />
      <CardBody className="flex flex-1 flex-col gap-1">
        <h3 className="font-medium">{t(`${step.text}.title`)}</h3>
        <p className="text-ink-soft text-sm">{t(`${step.text}.body`)}</p>
        <LinkButton href={step.href} variant="primary" className="mt-3 w-fit">
          {t(`${step.text}.action`)}
          <ArrowRight aria-hidden />
        </LinkButton>
      </CardBody>
    </Card>
  )
}
