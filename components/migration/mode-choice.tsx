'use client'

import { useQuery } from '@tanstack/react-query'
import { useTranslations } from 'next-intl'
import { RadioCards } from '@/components/ui/radio-cards'
import type { MigrationMode } from '@/lib/control/active-state'
import { liveRefusalsQuery } from './live-queries'

export interface ModeChoiceProps {
  value: MigrationMode
  onChange: (mode: MigrationMode) => void
}

/** Whether the app goes on writing meanwhile; where it cannot, why, and what would help. */
export function ModeChoice({ value, onChange }: ModeChoiceProps) {
  const t = useTranslations('migration.mode')
  const { data: refusals } = useQuery(liveRefusalsQuery())
  const items = (['live', 'read-only'] as const).map((mode) => ({ value: mode, label: t(`${mode}.title`), description: t(`${mode}.body`) }))
  const isRefused = refusals !== undefined && refusals.length > 0
  return (
    <div className="flex flex-col gap-2">
      <RadioCards
        label={t('label')}
        value={isRefused ? 'read-only' : value}
        onChange={onChange}
        items={isRefused ? items.slice(1) : items}
      />
      {isRefused ? (
        <div className="text-ink-soft text-sm">
          <p>{t('refused')}</p>
          <ul className="mt-1 list-disc pl-5">
            {refusals.slice(0, 5).map(({ code, table }) => (
              <li key={`${code} ${table}`}>{t(`refusals.${isKnown(code) ? code : 'other'}`, { table: table ?? '' })}</li>
            ))}
          </ul>
        </div>
      ) : null}
    </div>
  )
}

const known = ['LIVE_NOT_WAL', 'LIVE_NO_KEY'] as const

function isKnown(code: string): code is (typeof known)[number] {
  return known.some((each) => each === code)
}
