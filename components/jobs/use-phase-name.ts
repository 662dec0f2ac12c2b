'use client'

import { useTranslations } from 'next-intl'
import { backupPhases } from '@/lib/backup/backup-view'
import { restorePhases } from '@/lib/backup/restore-plan'
import { cutOverPhases, livePhases, migrationPhases, rollBackPhases } from '@/lib/migration/migration-result'
import { checkGroups } from '@/lib/preflight/check-catalogue'

export interface PhaseName {
  readonly title: string
  readonly body: string | null
}

/** The name of a phase in the reader's language; one that we have no words for keeps its own name. */
export function usePhaseName(): (phase: string) => PhaseName {
  const t = useTranslations('phases')
  return (phase) => {
    if (isKnown(phase)) return { title: t(`${phase}.title`), body: t(`${phase}.body`) }
    const words = phase.replaceAll('-', ' ')
    return { title: words.charAt(0).toUpperCase() + words.slice(1), body: null }
  }
}

/** Those of a migration and of a preflight, and those that only a verification or a maintenance has. */
const knownPhases = [
  ...migrationPhases,
  ...livePhases,
  ...rollBackPhases,
  ...cutOverPhases,
  ...checkGroups,
  'plan',
  'content',
  ...backupPhases,
  ...restorePhases,
  'copies',
  'receiving',
  'checking',
  'maintenance',
] as const

function isKnown(phase: string): phase is (typeof knownPhases)[number] {
  return knownPhases.some((known) => known === phase)
}
