import { FileLock2 } from 'lucide-react'
import type { Metadata } from 'next'
import { redirect } from 'next/navigation'
import { getTranslations } from 'next-intl/server'
import { getContainer } from '@/app/_server/container'
import { getSessionUser } from '@/app/_server/session'
import { setLocale } from '@/app/i18n/set-locale'
import { PreferencesMenu } from '@/components/shell/preferences-menu'
import { Card } from '@/components/ui/card'
import { ownPathOr } from '@/lib/auth/own-path'
import { SignInForm } from './sign-in-form'

interface Props {
  readonly searchParams: Promise<Readonly<Record<string, string | string[] | undefined>>>
}

export async function generateMetadata(): Promise<Metadata> {
  const t = await getTranslations('auth')
  return { title: t('title') }
}

/** The app's own sign-in page, for every provider. Whoever is signed in is sent on, unless they come to change accounts. */
export default async function SignInPage({ searchParams }: Props) {
  const query = await searchParams
  const from = ownPathOr(single(query.from), '/')
  if (query.switch === undefined && (await getSessionUser())) redirect(from)
  const [t, site, { environment }] = await Promise.all([getTranslations('auth'), getTranslations('site'), getContainer()])
  const providers = (['github', 'google'] as const).filter((name) => environment.oauth[name] !== null)
  return (
    <main id="content" className="relative mx-auto flex min-h-dvh w-full max-w-sm flex-col justify-center px-4 py-16">
      <div className="absolute top-3 right-3">
        <PreferencesMenu setLocale={setLocale} />
      </div>
      <p className="mb-6 flex items-center justify-center gap-2 font-semibold text-lg">
        <FileLock2 aria-hidden className="size-5" />
        {site('brand')}
      </p>
      <Card aria-labelledby="sign-in" className="p-5 sm:p-6">
        <h1 id="sign-in" className="font-semibold text-xl">
          {t('title')}
        </h1>
        <p className="mt-1 mb-5 text-ink-soft">{t('lead')}</p>
        <SignInForm from={from} providers={providers} initialError={single(query.error)} />
      </Card>
    </main>
  )
}

function single(value: string | string[] | undefined): string | null {
  return typeof value === 'string' ? value : null
}
