import type { Metadata } from 'next'
import { getTranslations } from 'next-intl/server'
import { requireAdminPage } from '@/app/_server/session'
import { DestinationsPage } from '@/components/backups/destinations-page'

export async function generateMetadata(): Promise<Metadata> {
  const t = await getTranslations('backups.destinations')
  return { title: t('title') }
}

export default async function Page() {
  await requireAdminPage('/admin/backups/destinations')
  return <DestinationsPage />
}
