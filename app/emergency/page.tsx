import type { Metadata } from 'next'
import { getTranslations } from 'next-intl/server'
import { setLocale } from '@/app/i18n/set-locale'
import { EmergencyPage } from '@/components/emergency/emergency-page'
import { PreferencesMenu } from '@/components/shell/preferences-menu'

export async function generateMetadata(): Promise<Metadata> {
  return { title: (await getTranslations('emergency'))('title') }
}

/** The way out when PostgreSQL is gone, and the accounts with it: the one page of the administration that needs no session. */
export default function Emergency() {
  return (
    <main id="content" className="relative mx-auto flex min-h-dvh w-full max-w-2xl flex-col px-4 py-16">
      <div className="absolute top-3 right-3">
        <PreferencesMenu setLocale={setLocale} />
      </div>
      <EmergencyPage />
    </main>
  )
}
