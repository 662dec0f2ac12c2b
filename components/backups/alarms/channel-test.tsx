'use client'

import { Send } from 'lucide-react'
import { useTranslations } from 'next-intl'
import { ErrorPanel } from '@/components/api/error-panel'
import { PasswordDialog } from '@/components/jobs/password-dialog'
import { useWithPassword } from '@/components/jobs/use-with-password'
import { Button } from '@/components/ui/button'
import { Callout } from '@/components/ui/callout'
import { classNames } from '@/components/ui/class-names'
import type { AlarmSettingsInput, Channel } from '@/lib/alarms/alarm-view'
import { testAlarmChannel } from './alarm-queries'

/** Sends one message with what the form says, and tells what the other side answered. */
export function ChannelTest({ channel, input, className }: { channel: Channel; input: AlarmSettingsInput | null; className?: string }) {
  const t = useTranslations('alarms.settings')
  const test = useWithPassword({ mutationFn: testAlarmChannel })
  return (
    <div className={classNames('flex flex-col gap-3', className)}>
      <Button
        className="w-fit"
        disabled={input === null}
        pending={test.isPending}
        onClick={() => input && test.mutate({ channel, settings: input })}
        icon={<Send aria-hidden />}
      >
        {t(`test.${channel}`)}
      </Button>
      {test.error ? <ErrorPanel error={test.error} announce /> : null}
      {test.data?.status === 'sent' ? <Callout tone="success" title={t('test.sent')} live="status" /> : null}
      {test.data?.status === 'failed' ? (
        <Callout tone="danger" title={t('test.failed')} live="alert">
          {test.data.problem}
        </Callout>
      ) : null}
      <PasswordDialog {...test.passwordDialog} />
    </div>
  )
}
