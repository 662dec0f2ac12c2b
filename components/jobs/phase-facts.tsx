'use client'

import { useTranslations } from 'next-intl'
import { useFormatters } from '@/components/format/use-formatters'

export interface PhaseFactsProps {
  facts: Readonly<Record<string, string | number | boolean>>
}

/** What a phase says about its work: sizes, versions, counts. Sizes and times are recognised by their unit in the name. */
export function PhaseFacts({ facts }: PhaseFactsProps) {
  const t = useTranslations('jobs')
  const format = useFormatters()
  const entries = Object.entries(facts)
  if (entries.length === 0) return null
  const show = (name: string, value: string | number | boolean) => {
    if (typeof value === 'string') return value
    if (typeof value === 'boolean') return value ? '✓' : '–'
    if (name.endsWith('Bytes')) return format.bytes(value)
    return name.endsWith('Ms') ? format.duration(value) : format.number(value)
  }
  return (
    <dl aria-label={t('facts')} className="flex flex-wrap gap-x-3 text-ink-faint text-xs">
      {entries.map(([name, value]) => (
        <div key={name} className="flex min-w-0 gap-1">
          <dt>{factName(name)}</dt>
          <dd className="tabular min-w-0 break-all text-ink-soft">{show(name, value)}</dd>
        </div>
      ))}
    </dl>
  )
}

/** sourceRows → source rows; the unit at the end is part of the value. */
function factName(name: string): string {
  return name
    .replace(/(Bytes|Ms)$/, '')
    .replace(/([a-z\d])([A-Z])/g, '$1 $2')
    .replaceAll(/[-_]/g, ' ')
    .toLowerCase()
}
