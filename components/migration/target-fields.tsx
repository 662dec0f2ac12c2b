'use client'

import { useQuery } from '@tanstack/react-query'
import { Eye, EyeOff } from 'lucide-react'
import Link from 'next/link'
import { useTranslations } from 'next-intl'
import { useState } from 'react'
import type { UseFormReturn } from 'react-hook-form'
import { savedTargetsQuery } from '@/components/targets/target-queries'
import { Button } from '@/components/ui/button'
import { Field } from '@/components/ui/field'
import { Input } from '@/components/ui/input'
import { RadioCards } from '@/components/ui/radio-cards'
import { savedPrefix, type TargetForm } from './target-form-schema'

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
  const { data: saved = [] } = useQuery(savedTargetsQuery())
  return (
    <>
      {environmentTarget === null && saved.length === 0 ? null : (
        <RadioCards
          label={t('source')}
          value={from}
          onChange={(next) => {
            form.setValue('from', next)
            form.clearErrors()
            onChange()
          }}
          items={[
            ...(environmentTarget === null
              ? []
              : [
                  {
                    value: 'environment',
                    label: t('environment'),
                    description: <span className="break-all font-mono">{environmentTarget}</span>,
                  },
                ]),
            ...saved.map(({ id, name, label }) => ({
              value: `${savedPrefix}${id}`,
              label: name,
              description: <span className="break-all font-mono">{label}</span>,
            })),
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
      <p className="text-ink-faint text-xs">
        {t.rich('setUp', {
          page: (chunks) => (
            <Link href="/admin/targets" className="rounded underline underline-offset-4 hover:text-ink">
              {chunks}
            </Link>
          ),
        })}
      </p>
    </>
  )
}
