'use client'

import { useTranslations } from 'next-intl'
import { PageHeader } from '@/components/admin/page-header'
import { KeyFingerprints } from '@/components/preflight/key-fingerprints'
import { SavedTargets } from '@/components/targets/saved-targets'
import { PlacesCard } from './places-card'
import { PreferencesCard } from './preferences-card'
import { SessionsCard } from './sessions-card'

export interface SettingsPageProps {
  /** The server action that remembers the language. */
  setLocale: (locale: string) => Promise<void>
}

/** What is set once: language, theme, sessions, targets, keys; and the way to what has a page of its own. */
export function SettingsPage({ setLocale }: SettingsPageProps) {
  const t = useTranslations('settings')
  return (
    <>
      <PageHeader title={t('title')} description={t('description')} />
      <div className="flex flex-col gap-4">
        <PreferencesCard setLocale={setLocale} />
        <SessionsCard />
        <PlacesCard />
        <SavedTargets withLink />
        <KeyFingerprints />
      </div>
    </>
  )
}
