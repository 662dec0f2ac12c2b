import type { Metadata } from 'next'
import { getTranslations } from 'next-intl/server'
import { requireAdminPage } from '@/app/_server/session'
import { AdvisorPage } from '@/components/advisor/advisor-page'

export async function generateMetadata(): Promise<Metadata> {
  const t = await getTranslations('advisor')
  return { title: t('title') }
}

export default async function Page() {
  await requireAdminPage('/admin/advisor')
  return <AdvisorPage />
}
