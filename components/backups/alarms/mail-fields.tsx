'use client'

import { useTranslations } from 'next-intl'
import { Checkbox } from '@/components/ui/checkbox'
import { Field } from '@/components/ui/field'
import { Input } from '@/components/ui/input'
import { Segments } from '@/components/ui/segments'
import { type AlarmSettingsInput, mailSecurities } from '@/lib/alarms/alarm-view'
import type { MailDraft } from './alarm-draft'
import { ChannelTest } from './channel-test'

export interface MailFieldsProps {
  draft: MailDraft
  /** Null while something of the form is wrong. */
  input: AlarmSettingsInput | null
  wrong: ReadonlySet<string>
  hasPassword: boolean
  onChange: (draft: MailDraft) => void
}

/** The mail server and who gets the mails. */
export function MailFields({ draft, input, wrong, hasPassword, onChange }: MailFieldsProps) {
  const t = useTranslations('alarms.settings')
  const set = (part: Partial<MailDraft>) => onChange({ ...draft, ...part })
  return (
    <fieldset className="flex flex-col gap-4">
      <legend className="sr-only">{t('mail.label')}</legend>
      <Checkbox
        checked={draft.enabled}
        onCheckedChange={(enabled) => set({ enabled })}
        label={t('mail.label')}
        description={t('mail.body')}
      />
      {draft.enabled ? (
        <div className="grid gap-4 sm:grid-cols-2 sm:pl-6.5">
          <Field label={t('mail.host')} error={wrong.has('mail.host') ? t('mail.hostWrong') : undefined}>
            <Input value={draft.host} placeholder="smtp.example.org" autoComplete="off" onValueChange={(host: string) => set({ host })} />
          </Field>
          <Field label={t('mail.port')} error={wrong.has('mail.port') ? t('number') : undefined}>
            <Input inputMode="numeric" value={draft.port} onValueChange={(port: string) => set({ port: port.trim() })} />
          </Field>
          <div className="flex flex-col gap-1.5 sm:col-span-2">
            <span className="font-medium text-sm">{t('mail.security')}</span>
            <Segments
              label={t('mail.security')}
              value={draft.security}
              onChange={(security) => set({ security })}
              items={mailSecurities.map((value) => ({ value, label: t(`mail.securities.${value}`) }))}
            />
          </div>
          <Field label={t('mail.user')} description={t('mail.userBody')}>
            <Input value={draft.user} autoComplete="off" onValueChange={(user: string) => set({ user })} />
          </Field>
          <Field label={t('mail.password')} description={hasPassword ? t('keptSecret') : undefined}>
            <Input
              type="password"
              value={draft.password}
              autoComplete="new-password"
              onValueChange={(password: string) => set({ password })}
            />
          </Field>
          <Field label={t('mail.from')} error={wrong.has('mail.from') ? t('mail.addressWrong') : undefined}>
            <Input type="text" inputMode="email" value={draft.from} onValueChange={(from: string) => set({ from: from.trim() })} />
          </Field>
          <Field label={t('mail.to')} description={t('mail.toBody')} error={wrong.has('mail.to') ? t('mail.addressWrong') : undefined}>
            <Input value={draft.to} onValueChange={(to: string) => set({ to })} />
          </Field>
          <ChannelTest channel="mail" input={input} className="sm:col-span-2" />
        </div>
      ) : null}
    </fieldset>
  )
}
