'use client'

import { WandSparkles } from 'lucide-react'
import { useTranslations } from 'next-intl'
import { Button } from '@/components/ui/button'
import { Checkbox } from '@/components/ui/checkbox'
import { Field } from '@/components/ui/field'
import { Input } from '@/components/ui/input'
import type { AlarmSettingsInput, AlarmSettingsView } from '@/lib/alarms/alarm-view'
import type { WebhookDraft } from './alarm-draft'
import { ChannelTest } from './channel-test'

export interface WebhookFieldsProps {
  draft: WebhookDraft
  /** Null while something of the form is wrong. */
  input: AlarmSettingsInput | null
  wrong: ReadonlySet<string>
  kept: AlarmSettingsView['webhook']
  onChange: (draft: WebhookDraft) => void
}

/** The address that is called, and the secret that its messages are signed with. */
export function WebhookFields({ draft, input, wrong, kept, onChange }: WebhookFieldsProps) {
  const t = useTranslations('alarms.settings')
  const set = (part: Partial<WebhookDraft>) => onChange({ ...draft, ...part })
  return (
    <fieldset className="flex flex-col gap-4">
      <legend className="sr-only">{t('webhook.label')}</legend>
      <Checkbox
        checked={draft.enabled}
        onCheckedChange={(enabled) => set({ enabled })}
        label={t('webhook.label')}
        description={t('webhook.body')}
      />
      {draft.enabled ? (
        <div className="grid gap-4 sm:grid-cols-2 sm:pl-6.5">
          <Field
            label={t('webhook.url')}
            description={kept.host === null ? undefined : t('webhook.keptUrl', { host: kept.host })}
            error={wrong.has('webhook.url') ? t('webhook.urlWrong') : undefined}
          >
            <Input value={draft.url} placeholder="https://" autoComplete="off" onValueChange={(url: string) => set({ url })} />
          </Field>
          <Field label={t('webhook.secret')} description={kept.hasSecret ? t('keptSecret') : t('webhook.secretBody')}>
            <div className="flex gap-2">
              <Input
                value={draft.secret}
                autoComplete="off"
                spellCheck={false}
                className="min-w-0 font-mono"
                onValueChange={(secret: string) => set({ secret: secret.trim() })}
              />
              <Button className="shrink-0" onClick={() => set({ secret: randomSecret() })} icon={<WandSparkles aria-hidden />}>
                {t('webhook.generate')}
              </Button>
            </div>
          </Field>
          <p className="text-ink-faint text-xs sm:col-span-2">{t('webhook.signature')}</p>
          <ChannelTest channel="webhook" input={input} className="sm:col-span-2" />
        </div>
      ) : null}
    </fieldset>
  )
}

/** 192 bits, in letters that can be copied anywhere. */
function randomSecret(): string {
  return Array.from(crypto.getRandomValues(new Uint8Array(24)), (byte) => byte.toString(16).padStart(2, '0')).join('')
}
