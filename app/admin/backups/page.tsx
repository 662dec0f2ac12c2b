import type { Metadata } from 'next'
import { getTranslations } from 'next-intl/server'
import { requireAdminPage } from '@/app/_server/session'
import { BackupsPage } from '@/components/backups/backups-page'

export async function generateMetadata(): Promise<Metadata> {
  const t = await getTranslations('backups')
  return { title: t('title') }
}

export default async function Page() {
  await requireAdminPage('/admin/backups')
  return <BackupsPage />
}
