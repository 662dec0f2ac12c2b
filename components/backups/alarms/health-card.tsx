'use client'

import { useQueryClient } from '@tanstack/react-query'
import { KeyRound } from 'lucide-react'
import { useTranslations } from 'next-intl'
import { ErrorPanel } from '@/components/api/error-panel'
import { PasswordDialog } from '@/components/jobs/password-dialog'
import { useWithPassword } from '@/components/jobs/use-with-password'
import { Button } from '@/components/ui/button'
import { Callout } from '@/components/ui/callout'
import { Card, CardBody, CardHeader } from '@/components/ui/card'
import { alarmKeys, renewHealthToken } from './alarm-queries'

/** The address for a monitor, and the token with which it learns more than one word. */
export function HealthCard({ hasToken }: { hasToken: boolean }) {
  const t = useTranslations('alarms.health')
  const queryClient = useQueryClient()
  const renew = useWithPassword({
    mutationFn: renewHealthToken,
    onSuccess: () => void queryClient.invalidateQueries({ queryKey: alarmKeys.settings }),
  })
  return (
    <Card aria-labelledby="health">
      <CardHeader
        title={t('title')}
        titleId="health"
        description={t('body')}
        actions={
          <Button pending={renew.isPending} onClick={() => renew.mutate(undefined)} icon={<KeyRound aria-hidden />}>
            {t(hasToken ? 'renew' : 'make')}
          </Button>
        }
      />
      <CardBody className="flex flex-col gap-3 text-sm">
        <ul className="flex list-disc flex-col gap-1 pl-5 text-ink-soft">
          <li>
            <code className="font-mono text-xs">GET /api/health</code> – {t('anybody')}
          </li>
          <li>
            <code className="break-all font-mono text-xs">Authorization: Bearer …</code> – {t('withToken')}
          </li>
        </ul>
        {renew.error ? <ErrorPanel error={renew.error} announce /> : null}
        {renew.data ? (
          <Callout tone="info" title={t('once')} live="status">
            <code className="break-all font-mono text-xs">{renew.data.token}</code>
          </Callout>
        ) : null}
      </CardBody>
      <PasswordDialog {...renew.passwordDialog} />
    </Card>
  )
}
