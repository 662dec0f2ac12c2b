'use client'

import { useQuery, useQueryClient } from '@tanstack/react-query'
import { CalendarClock } from 'lucide-react'
import { useTranslations } from 'next-intl'
import { type FormEvent, useState } from 'react'
import { ErrorPanel } from '@/components/api/error-panel'
import { useFormatters } from '@/components/format/use-formatters'
import { PasswordDialog } from '@/components/jobs/password-dialog'
import { useWithPassword } from '@/components/jobs/use-with-password'
import { Badge } from '@/components/ui/badge'
import { Button } from '@/components/ui/button'
import { Callout } from '@/components/ui/callout'
import { Card, CardBody, CardFooter, CardHeader } from '@/components/ui/card'
import { SkeletonBlock } from '@/components/ui/skeleton'
import { heldChoice, type SwitchChoice, type SwitchPlan } from '@/lib/control/switch-choice'
import { PlannedTime } from './planned-time'
import { SwitchAttempts } from './switch-attempts'
import { chooseSwitchMutation, switchPlanQuery } from './switch-plan-queries'
import { SwitchWhenFields } from './switch-when-fields'

/** When the copy that follows the app is switched to: chosen, changed, cancelled, and what became of it. */
export function SwitchPlanCard() {
  const t = useTranslations('migration.switchPlan')
  const common = useTranslations('common')
  const { data, error, isPending, refetch } = useQuery(switchPlanQuery())
  const [draft, setDraft] = useState<SwitchChoice | null>(null)
  const choose = useWithPassword({ ...chooseSwitchMutation(useQueryClient()), onSuccess: () => setDraft(null) })
  const plan = data ?? null
  const present: SwitchChoice = plan ?? heldChoice
  const isPlanned = present.when.kind !== 'held' && plan?.stopped == null
  const submit = (event: FormEvent) => {
    event.preventDefault()
    if (draft) choose.mutate(draft)
  }
  return (
    <Card aria-labelledby="switch-plan">
      <CardHeader
        title={t('cardTitle')}
        titleId="switch-plan"
        description={t('description')}
        actions={isPending ? undefined : <Badge tone={isPlanned ? 'info' : 'neutral'}>{t(isPlanned ? 'planned' : 'heldBadge')}</Badge>}
      />
      <CardBody className="flex flex-col gap-4">
        {error && data === undefined ? <ErrorPanel error={error} onRetry={() => void refetch()} /> : null}
        {isPending ? <SkeletonBlock label={common('loading')} rows={2} /> : null}
        {plan?.stopped ? (
          <Callout tone="warning" title={t('stoppedTitle')} live="status">
            {t(`stopped.${plan.stopped.reason}`)}
          </Callout>
        ) : null}
        {isPending || draft ? null : <Summary plan={plan} />}
        {plan ? <SwitchAttempts attempts={plan.attempts} /> : null}
        {draft ? (
          <form id="switch-plan-form" onSubmit={submit}>
            <SwitchWhenFields value={draft} onChange={setDraft} />
          </form>
        ) : null}
        {choose.error ? <ErrorPanel error={choose.error} announce /> : null}
      </CardBody>
      <CardFooter className="max-sm:flex-col max-sm:items-stretch">
        {draft ? (
          <>
            {/* Keyed: the same element as "Change" would be a submit button by the time that its own click is handled. */}
            <Button key="save" type="submit" form="switch-plan-form" variant="primary" pending={choose.isPending}>
              {t('save')}
            </Button>
            <Button
              onClick={() => {
                setDraft(null)
                choose.reset()
              }}
            >
              {common('cancel')}
            </Button>
          </>
        ) : (
          <>
            <Button
              key="change"
              disabled={isPending}
              icon={<CalendarClock aria-hidden />}
              onClick={() => setDraft({ when: present.when, freezeLimitMs: present.freezeLimitMs })}
            >
              {t('change')}
            </Button>
            {isPlanned ? (
              <Button pending={choose.isPending} onClick={() => choose.mutate({ ...heldChoice, freezeLimitMs: present.freezeLimitMs })}>
                {t('hold')}
              </Button>
            ) : null}
          </>
        )}
      </CardFooter>
      <PasswordDialog {...choose.passwordDialog} />
    </Card>
  )
}

/** The plan in words: when, until when at the latest, what it waits for, the limit. */
function Summary({ plan }: { plan: SwitchPlan | null }) {
  const t = useTranslations('migration.switchPlan')
  const format = useFormatters()
  const { when, freezeLimitMs } = plan ?? heldChoice
  return (
    <dl className="grid gap-x-6 gap-y-2 text-sm max-sm:gap-y-0.5 max-sm:[&>dd]:mb-2 sm:grid-cols-[auto_minmax(0,1fr)]">
      <dt className="text-ink-faint">{t('label')}</dt>
      <dd>{when.kind === 'at' ? <PlannedTime iso={when.at} zone={when.zone} /> : t(`when.${when.kind}.title`)}</dd>
      {when.kind === 'at' ? (
        <>
          <dt className="text-ink-faint">{t('window')}</dt>
          <dd>{t('windowShown', { time: format.duration(when.windowMinutes * 60_000) })}</dd>
        </>
      ) : null}
      {plan?.waitsFor && plan.stopped === null ? (
        <>
          <dt className="text-ink-faint">{t('waits')}</dt>
          <dd aria-live="polite">{t(`waitsFor.${plan.waitsFor}`)}</dd>
        </>
      ) : null}
      <dt className="text-ink-faint">{t('limit')}</dt>
      <dd>{format.number(freezeLimitMs)} ms</dd>
    </dl>
  )
}
