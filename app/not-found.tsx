import { SearchX } from 'lucide-react'
import { getTranslations } from 'next-intl/server'
import { LinkButton } from '@/components/ui/button'

export default async function NotFoundPage() {
  const t = await getTranslations('pages')
  return (
    <main id="content" className="mx-auto flex min-h-dvh max-w-md flex-col items-center justify-center gap-2 px-6 text-center">
      <SearchX aria-hidden className="mb-2 size-8 text-ink-faint" />
      <h1 className="font-semibold text-xl">{t('notFoundTitle')}</h1>
      <p className="text-ink-soft">{t('notFoundBody')}</p>
      <LinkButton href="/" variant="primary" className="mt-4">
        {t('home')}
      </LinkButton>
    </main>
  )
}
