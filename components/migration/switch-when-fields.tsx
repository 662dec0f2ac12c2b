'use client'

import { MoonStar } from 'lucide-react'
import { useTranslations } from 'next-intl'
import { Button } from '@/components/ui/button'
import { Field } from '@/components/ui/field'
import { Input } from '@/components/ui/input'
import { RadioCards } from '@/components/ui/radio-cards'
import { type SwitchChoice, type SwitchWhen, switchWhens, switchWindow } from '@/lib/control/switch-choice'
import { BoundedNumber } from './bounded-number'
import { FreezeLimitField } from './freeze-limit-field'
import { browserZone, fromLocalField, nextNight, toLocalField } from './local-time'

export interface SwitchWhenFieldsProps {
  value: SwitchChoice
  onChange: (choice: SwitchChoice) => void
}

/** When the copy is switched to, and for how long writes may wait for it. */
export function SwitchWhenFields({ value, onChange }: SwitchWhenFieldsProps) {
  const t = useTranslations('migration.switchPlan')
  const { when, freezeLimitMs } = value
  const at = when.kind === 'at' ? when : null
  const choose = (kind: SwitchWhen) =>
    onChange({
      ...value,
      when: kind === 'at' ? { kind, at: nextNight(new Date()), zone: browserZone(), windowMinutes: switchWindow.usual } : { kind },
    })
  return (
    <div className="flex flex-col gap-4">
      <RadioCards
        label={t('label')}
        value={when.kind}
        onChange={choose}
        items={switchWhens.map((kind) => ({ value: kind, label: t(`when.${kind}.title`), description: t(`when.${kind}.body`) }))}
      />
      <div className="grid items-start gap-4 sm:grid-cols-2 lg:grid-cols-3">
        {at === null ? null : (
          <>
            <Field label={t('at')} description={t('zone', { zone: at.zone })}>
              <div className="flex gap-2">
                <Input
                  type="datetime-local"
                  required
                  className="min-w-0"
                  value={toLocalField(at.at)}
                  onValueChange={(text: string) => {
                    const iso = fromLocalField(text)
                    if (iso !== null) onChange({ ...value, when: { ...at, at: iso, zone: browserZone() } })
                  }}
                />
                <Button
                  aria-label={t('tonight')}
                  title={t('tonight')}
                  icon={<MoonStar aria-hidden />}
                  onClick={() => onChange({ ...value, when: { ...at, at: nextNight(new Date()), zone: browserZone() } })}
                />
              </div>
            </Field>
            <Field label={t('window')} description={t('windowHelp')}>
              <BoundedNumber
                value={at.windowMinutes}
                bounds={switchWindow}
                step={5}
                unit="min"
                onChange={(windowMinutes) => onChange({ ...value, when: { ...at, windowMinutes } })}
              />
            </Field>
          </>
        )}
        <FreezeLimitField value={freezeLimitMs} onChange={(limit) => onChange({ ...value, freezeLimitMs: limit })} />
      </div>
    </div>
  )
}
