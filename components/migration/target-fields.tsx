'use client'

import { Eye, EyeOff } from 'lucide-react'
import { useTranslations } from 'next-intl'
import { useState } from 'react'
import type { UseFormReturn } from 'react-hook-form'
import { Button } from '@/components/ui/button'
import { Field } from '@/components/ui/field'
import { Input } from '@/components/ui/input'
import { RadioCards } from '@/components/ui/radio-cards'
import type { TargetForm } from './target-form-schema'

export interface TargetFieldsProps {
  form: UseFormReturn<TargetForm>
  environmentTarget: string | null
  /** Something was changed: an earlier test no longer counts. */
  onChange: () => void
}

/** Where the target's address comes from, and the address itself; it holds a password and is masked like one. */
export function TargetFields({ form, environmentTarget, onChange }: TargetFieldsProps) {
  const t = useTranslations('migration.target')
  const [visible, setVisible] = useState(false)
  const from = form.watch('from')
  const problem = form.formState.errors.url?.message
  return (
    <>
      {environmentTarget === null ? null : (
        <RadioCards
          label={t('source')}
          value={from}
          onChange={(next) => {
            form.setValue('from', next)
            form.clearErrors()
            onChange()
          }}
          items={[
            {
              value: 'environment',
              label: t('environment'),
              description: <span className="break-all font-mono">{environmentTarget}</span>,
            },
            { value: 'form', label: t('form'), description: 'postgresql://…' },
          ]}
        />
      )}
      {from === 'form' ? (
        <Field
          label={t('url')}
          description={t('urlHint')}
          error={problem === undefined ? undefined : t(problem === 'urlRequired' ? 'urlRequired' : 'urlScheme')}
        >
          <div className="flex gap-2">
            <Input
              type={visible ? 'text' : 'password'}
              autoComplete="off"
              spellCheck={false}
              className="font-mono"
              placeholder="postgresql://user:password@host:5432/database"
              {...form.register('url', { onChange })}
            />
            <Button
              size="icon"
              className="max-md:size-10"
              aria-pressed={visible}
              aria-label={t('showAddress')}
              onClick={() => setVisible(!visible)}
              icon={visible ? <EyeOff aria-hidden /> : <Eye aria-hidden />}
            />
          </div>
        </Field>
      ) : null}
    </>
  )
}
