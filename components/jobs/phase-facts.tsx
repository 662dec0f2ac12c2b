'use client'

import { useTranslations } from 'next-intl'
import { useFormatters } from '@/components/format/use-formatters'

export interface PhaseFactsProps {
  facts: Readonly<Record<string, string | number | boolean>>
}

/** What a phase says about its work: sizes, versions, counts. Sizes and times are recognised by their unit in the name. */
export function PhaseFacts({ facts }: PhaseFactsProps) {
  const t = useTranslations()
  const format = useFormatters()
  const entries = Object.entries(facts)
  if (entries.length === 0) return null
  const known = (name: string) => {
    // The unit at the end of a name is part of the value.
    const bare = name.replace(/(Bytes|Ms)$/, '')
    const fact = knownFacts.find((candidate) => candidate === bare)
    return fact === undefined ? wordsOf(bare) : t(`facts.${fact}`)
  }
  const show = (name: string, value: string | number | boolean) => {
    if (typeof value === 'string') return value
    if (typeof value === 'boolean') return t(value ? 'facts.yes' : 'facts.no')
    if (name === 'bytes' || name.endsWith('Bytes')) return format.bytes(value)
    return name.endsWith('Ms') ? format.duration(value) : format.number(value)
  }
  return (
    <dl aria-label={t('jobs.facts')} className="flex flex-wrap gap-x-3 text-ink-faint text-xs">
      {entries.map(([name, value]) => (
        <div key={name} className="flex min-w-0 gap-1">
          <dt>{known(name)}</dt>
          <dd className="tabular min-w-0 break-all text-ink-soft">{show(name, value)}</dd>
        </div>
      ))}
    </dl>
  )
}

const knownFacts = [
  'file',
  'size',
  'readOnly',
  'parts',
  'rows',
  'bytes',
  'sequences',
  'tables',
  'findings',
  'postgresql',
  'files',
  'problems',
  'format',
  'encrypted',
  'passed',
  'place',
  'filesOpened',
  'resumed',
  'resumedAtRows',
] as const

/** sourceRows → source rows. */
function wordsOf(name: string): string {
  return name
    .replace(/([a-z\d])([A-Z])/g, '$1 $2')
    .replaceAll(/[-_]/g, ' ')
    .toLowerCase()
}
