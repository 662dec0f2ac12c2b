'use client'

import { useTranslations } from 'next-intl'
import type { Finding } from '@/lib/core/finding'
import { repairKindNames } from '@/lib/core/repair-choice'
import { useRepairText } from './use-repair-text'

/** The repairs that the migration would offer for a finding that stops it; nothing where there is none. */
export function OfferedRepairs({ finding }: { finding: Finding }) {
  const t = useTranslations('migration.repairs')
  const text = useRepairText()
  const kind = repairKindNames.find((name) => name === finding.kind)
  if (finding.severity !== 'blocks' || kind === undefined || finding.choices.length === 0) return null
  return (
    <div className="mt-1 text-ink-soft">
      <p>{t('offered')}</p>
      <ul className="list-disc pl-5">
        {finding.choices.map(({ choice }) => (
          <li key={choice}>{text.choice(kind, choice)}</li>
        ))}
      </ul>
    </div>
  )
}
