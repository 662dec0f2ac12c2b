import { getTranslations } from 'next-intl/server'
import type { ReactNode } from 'react'
import { getSessionUser } from '@/app/_server/session'
import { setLocale } from '@/app/i18n/set-locale'
import { SkipLink } from '@/components/shell/skip-link'
import { isAdmin } from '@/lib/auth/roles'
import { ReadOnlyBanner } from './read-only-banner'
import { SiteHeader } from './site-header'

/** The frame only: every page below guards itself, because a layout is not rendered again on navigation. */
export default async function SiteLayout({ children }: Readonly<{ children: ReactNode }>) {
  const [user, t] = await Promise.all([getSessionUser(), getTranslations('site')])
  // Without a session the page below redirects; there is no frame to show.
  if (!user) return children
  return (
    <div className="flex min-h-dvh flex-col">
      <SkipLink />
      <SiteHeader brand={t('brand')} user={{ email: user.email, name: user.name, isAdmin: isAdmin(user) }} setLocale={setLocale} />
      <ReadOnlyBanner />
      <main id="content" className="mx-auto w-full max-w-4xl flex-1 px-4 py-6 sm:px-6 sm:py-8">
        {children}
      </main>
    </div>
  )
}
