'use client'

import { useQueryClient } from '@tanstack/react-query'
import { useTranslations } from 'next-intl'
import { useState } from 'react'
import { toast } from 'sonner'
import { ErrorPanel } from '@/components/api/error-panel'
import { PasswordDialog } from '@/components/jobs/password-dialog'
import { useWithPassword } from '@/components/jobs/use-with-password'
import { Button } from '@/components/ui/button'
import { Card, CardBody, CardFooter, CardHeader } from '@/components/ui/card'
import { Field } from '@/components/ui/field'
import { Input } from '@/components/ui/input'
import { Segments } from '@/components/ui/segments'
import { type AlarmSettingsInput, type AlarmSettingsView, alarmSettingsInputSchema } from '@/lib/alarms/alarm-view'
import { type AlarmDraft, draftOf, inputOf } from './alarm-draft'
import { alarmKeys, saveAlarmSettings } from './alarm-queries'
import { MailFields } from './mail-fields'
import { WebhookFields } from './webhook-fields'

const rules = ['maxAgeHours', 'untestedAfterHours', 'smallPercent'] as const

/** When an alarm is raised, and who is told how. Both channels can be tried before anything is saved. */
export function AlarmSettingsForm({ settings }: { settings: AlarmSettingsView }) {
  const t = useTranslations('alarms.settings')
  const queryClient = useQueryClient()
  const [draft, setDraft] = useState<AlarmDraft>(() => draftOf(settings))
  const parsed = alarmSettingsInputSchema.safeParse(inputOf(draft))
  const wrong = new Set(parsed.error?.issues.map(({ path }) => path.slice(0, 2).join('.')))
  const input: AlarmSettingsInput | null = parsed.success ? parsed.data : null
  const save = useWithPassword({
    mutationFn: saveAlarmSettings,
    onSuccess: (answer) => {
      setDraft(draftOf(answer.settings))
      void queryClient.invalidateQueries({ queryKey: alarmKeys.all })
      toast.success(t('saved'))
    },
  })
  const change = (part: Partial<AlarmDraft>) => setDraft((before) => ({ ...before, ...part }))
  return (
    <form
      onSubmit={(event) => {
        event.preventDefault()
        if (input) save.mutate(input)
      }}
    >
      <Card aria-labelledby="alarm-settings">
        <CardHeader title={t('title')} titleId="alarm-settings" description={t('body')} />
        <CardBody className="flex flex-col gap-6">
          <div className="grid gap-4 sm:grid-cols-3">
            {rules.map((rule) => (
              <Field
                key={rule}
                label={t(`${rule}.label`)}
                description={t(`${rule}.body`)}
                error={wrong.has(rule) ? t('number') : undefined}
              >
                <Input inputMode="numeric" value={draft[rule]} onValueChange={(next: string) => change({ [rule]: next.trim() })} />
              </Field>
            ))}
          </div>
          <div className="flex flex-wrap items-center gap-3 text-sm">
            <span className="font-medium">{t('locale')}</span>
            <Segments
              label={t('locale')}
              value={draft.locale}
              onChange={(locale) => change({ locale })}
              items={[
                { value: 'en', label: 'English' },
                { value: 'fr', label: 'Français' },
              ]}
            />
          </div>
          <MailFields
            draft={draft.mail}
            input={input}
            wrong={wrong}
            hasPassword={settings.mail.hasPassword}
            onChange={(mail) => change({ mail })}
          />
          <WebhookFields
            draft={draft.webhook}
            input={input}
            wrong={wrong}
            kept={settings.webhook}
            onChange={(webhook) => change({ webhook })}
          />
          {save.error ? <ErrorPanel error={save.error} announce /> : null}
        </CardBody>
        <CardFooter>
          <Button type="submit" variant="primary" disabled={input === null} pending={save.isPending}>
            {t('save')}
          </Button>
        </CardFooter>
      </Card>
      <PasswordDialog {...save.passwordDialog} />
    </form>
  )
}
