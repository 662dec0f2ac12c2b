import { useTranslations } from 'next-intl'
import { Field } from '@/components/ui/field'
import { freezeLimit } from '@/lib/control/switch-choice'
import { BoundedNumber } from './bounded-number'

export interface FreezeLimitFieldProps {
  /** In milliseconds. */
  value: number
  onChange: (value: number) => void
}

/** How long writes may wait for a switch, over or back. */
export function FreezeLimitField({ value, onChange }: FreezeLimitFieldProps) {
  const t = useTranslations('migration.switchPlan')
  return (
    <Field label={t('limit')} description={t('limitHelp', { ...freezeLimit })}>
      <BoundedNumber value={value} bounds={freezeLimit} step={100} unit="ms" onChange={onChange} />
    </Field>
  )
}
