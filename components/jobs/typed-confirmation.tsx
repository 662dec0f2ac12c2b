'use client'

import { useTranslations } from 'next-intl'
import { Field } from '@/components/ui/field'
import { Input } from '@/components/ui/input'

export interface TypedConfirmationProps {
  /** The word to type, exactly. */
  word: string
  value: string
  onChange: (value: string) => void
}

/** A field that wants one word typed before a weighty button wakes up. */
export function TypedConfirmation({ word, value, onChange }: TypedConfirmationProps) {
  const t = useTranslations('jobs.typed')
  return (
    <Field label={t('label', { word })}>
      <Input autoComplete="off" autoCapitalize="off" spellCheck={false} value={value} onValueChange={(next: string) => onChange(next)} />
    </Field>
  )
}
