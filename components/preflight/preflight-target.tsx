'use client'

import { zodResolver } from '@hookform/resolvers/zod'
import { useMutation, useQueryClient } from '@tanstack/react-query'
import { ListChecks } from 'lucide-react'
import { useTranslations } from 'next-intl'
import { useForm } from 'react-hook-form'
import { ErrorPanel } from '@/components/api/error-panel'
import { startJobMutation } from '@/components/jobs/job-queries'
import { TargetFields } from '@/components/migration/target-fields'
import { choiceOf, type TargetForm, targetFormSchema } from '@/components/migration/target-form-schema'
import { Button } from '@/components/ui/button'
import { Card, CardBody, CardHeader } from '@/components/ui/card'

export interface PreflightTargetProps {
  /** user@host:port/database of TARGET_DATABASE_URL; null where it is not set. */
  environmentTarget: string | null
  /** Whether there is an earlier result: the button then says so. */
  again: boolean
  /** A preflight is at work. */
  busy: boolean
}

/** Which database to check against, and the button that does it. */
export function PreflightTarget({ environmentTarget, again, busy }: PreflightTargetProps) {
  const t = useTranslations('preflight')
  const queryClient = useQueryClient()
  const form = useForm<TargetForm>({
    resolver: zodResolver(targetFormSchema),
    defaultValues: { from: environmentTarget === null ? 'form' : 'environment', url: '' },
  })
  const start = useMutation(startJobMutation(queryClient))
  return (
    <Card aria-labelledby="preflight-target">
      <CardHeader title={t('target')} titleId="preflight-target" />
      <CardBody>
        <form
          noValidate
          className="flex flex-col gap-4"
          onSubmit={form.handleSubmit((values) => start.mutate({ kind: 'preflight', target: choiceOf(values) }))}
        >
          <TargetFields form={form} environmentTarget={environmentTarget} onChange={() => start.reset()} />
          <Button
            type="submit"
            variant="primary"
            className="w-fit max-sm:w-full"
            pending={start.isPending || busy}
            icon={<ListChecks aria-hidden />}
          >
            {t(again ? 'again' : 'run')}
          </Button>
          {start.error ? <ErrorPanel error={start.error} announce /> : null}
        </form>
      </CardBody>
    </Card>
  )
}
