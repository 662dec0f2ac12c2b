import { ShieldX } from 'lucide-react'
import { getTranslations } from 'next-intl/server'
import { getSessionUser } from '@/app/_server/session'
import { LinkButton } from '@/components/ui/button'

/** The answer, with status 403, to somebody who is signed in and may not see the page. */
export default async function ForbiddenPage() {
  const [t, user] = await Promise.all([getTranslations('site.forbidden'), getSessionUser()])
  return (
    <main id="content" className="mx-auto flex min-h-dvh max-w-md flex-col items-center justify-center gap-2 px-6 text-center">
      <ShieldX aria-hidden className="mb-2 size-8 text-ink-faint" />
      <h1 className="font-semibold text-xl">{t('title')}</h1>
      <p className="break-words text-ink-soft">{t('body', { email: user?.email ?? '' })}</p>
      <div className="mt-4 flex flex-wrap justify-center gap-2">
        <LinkButton href="/" variant="primary">
          {t('home')}
        </LinkButton>
        <LinkButton href="/sign-in?switch=1">{t('signOut')}</LinkButton>
      </div>
    </main>
  )
}
