'use client'

import { zodResolver } from '@hookform/resolvers/zod'
import { useMutation, useQuery } from '@tanstack/react-query'
import { ArrowRightLeft, PlugZap } from 'lucide-react'
import { useTranslations } from 'next-intl'
import { useState } from 'react'
import { useForm } from 'react-hook-form'
import { ErrorPanel } from '@/components/api/error-panel'
import { PasswordDialog } from '@/components/jobs/password-dialog'
import { useWeightyJob } from '@/components/jobs/use-weighty-job'
import { Button } from '@/components/ui/button'
import { Callout } from '@/components/ui/callout'
import { Card, CardBody, CardFooter, CardHeader } from '@/components/ui/card'
import { Checkbox } from '@/components/ui/checkbox'
import { SkeletonBlock } from '@/components/ui/skeleton'
import type { MigrationMode } from '@/lib/control/active-state'
import { heldChoice, type SwitchChoice } from '@/lib/control/switch-choice'
import { liveRefusalsQuery } from './live-queries'
import { MigrationPlan } from './migration-plan'
import { testTargetMutation } from './migration-queries'
import { ModeChoice } from './mode-choice'
import { SwitchWhenFields } from './switch-when-fields'
import { TargetChecks } from './target-checks'
import { TargetFields } from './target-fields'
import { choiceOf, type TargetForm, targetFormSchema } from './target-form-schema'

export interface StartMigrationProps {
  /** user@host:port/database of TARGET_DATABASE_URL; null where it is not set. */
  environmentTarget: string | null
  /** An interrupted operation is still being put in order. */
  unsettled: boolean
}

/** Choose and test a target, read what will happen, start. */
export function StartMigration({ environmentTarget, unsettled }: StartMigrationProps) {
  const t = useTranslations('migration')
  const common = useTranslations('common')
  const [setAside, setSetAside] = useState(false)
  const [wish, setMode] = useState<MigrationMode>('live')
  const [choice, setChoice] = useState<SwitchChoice>(heldChoice)
  const refusals = useQuery(liveRefusalsQuery())
  // Until it is known that the app can go on writing, nothing says that it can.
  const mode = refusals.data?.length === 0 ? wish : 'read-only'
  const form = useForm<TargetForm>({
    resolver: zodResolver(targetFormSchema),
    defaultValues: { from: environmentTarget === null ? 'form' : 'environment', url: '' },
  })
  const test = useMutation(testTargetMutation())
  const start = useWeightyJob(() => undefined)
  const inspection = test.data
  const asksToSetAside = inspection?.leftover === 'set-aside'
  const isReady = inspection?.isReady === true && (!asksToSetAside || setAside)

  /** What was tested is no longer what is in the form. */
  const forget = () => {
    test.reset()
    start.reset()
    setSetAside(false)
  }

  return (
    <>
      {unsettled ? (
        <Callout tone="info" title={t('unsettled.title')} live="status">
          {t('unsettled.body')}
        </Callout>
      ) : null}
      <Card aria-labelledby="target">
        <CardHeader title={t('target.title')} titleId="target" description={t('target.description')} />
        <CardBody>
          <form
            noValidate
            className="flex flex-col gap-4"
            onSubmit={form.handleSubmit((values) => {
              start.reset()
              test.mutate(choiceOf(values))
            })}
          >
            <TargetFields form={form} environmentTarget={environmentTarget} onChange={forget} />
            <Button type="submit" className="w-fit max-sm:w-full" pending={test.isPending} icon={<PlugZap aria-hidden />}>
              {t('target.test')}
            </Button>
          </form>
          <div aria-live="polite" className="mt-4 flex flex-col gap-4 empty:hidden">
            {test.isPending ? <p className="sr-only">{t('target.testing')}</p> : null}
            {test.error ? <ErrorPanel error={test.error} /> : null}
            {inspection ? <TargetChecks inspection={inspection} /> : null}
          </div>
          {asksToSetAside ? (
            <div className="mt-4">
              <Checkbox
                checked={setAside}
                onCheckedChange={setSetAside}
                label={t('target.setAside')}
                description={t('target.setAsideHint')}
              />
            </div>
          ) : null}
        </CardBody>
      </Card>
      <Card aria-labelledby="plan">
        <CardHeader title={t('plan.title')} titleId="plan" />
        <CardBody>
          {refusals.isPending ? <SkeletonBlock label={common('loading')} rows={2} /> : <ModeChoice value={mode} onChange={setMode} />}
          {mode === 'live' ? (
            <section aria-labelledby="switch-when" className="mt-5 flex flex-col gap-2">
              <h3 id="switch-when" className="font-medium text-sm">
                {t('switchPlan.cardTitle')}
              </h3>
              <SwitchWhenFields value={choice} onChange={setChoice} />
            </section>
          ) : null}
        </CardBody>
        {refusals.isPending ? null : <MigrationPlan mode={mode} when={choice.when.kind} />}
        <CardFooter className="flex-col items-stretch gap-3 sm:flex-row sm:items-center">
          <Button
            variant="primary"
            size="large"
            disabled={!isReady || refusals.isPending}
            pending={start.isPending}
            aria-describedby={isReady ? undefined : 'start-hint'}
            icon={<ArrowRightLeft aria-hidden />}
            onClick={() =>
              start.start({
                kind: 'migrate',
                target: choiceOf(form.getValues()),
                setAside: asksToSetAside && setAside,
                mode,
                ...(mode === 'live' ? { switch: choice } : {}),
              })
            }
          >
            {t('start')}
          </Button>
          {isReady ? null : (
            <p id="start-hint" className="text-ink-faint text-sm">
              {t(inspection === undefined ? 'startHint' : inspection.isReady ? 'startHintSetAside' : 'startHintNotReady')}
            </p>
          )}
        </CardFooter>
      </Card>
      {start.error ? <ErrorPanel error={start.error} announce /> : null}
      <PasswordDialog {...start.passwordDialog} />
    </>
  )
}
