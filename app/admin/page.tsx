import type { Metadata } from 'next'
import { getTranslations } from 'next-intl/server'
import { requireAdminPage } from '@/app/_server/session'
import { OverviewPage } from '@/components/overview/overview-page'

export async function generateMetadata(): Promise<Metadata> {
  const t = await getTranslations('overview')
  return { title: t('title') }
}

export default async function Page() {
  await requireAdminPage('/admin')
  return <OverviewPage />
}
