import type { Metadata } from 'next'
import { getTranslations } from 'next-intl/server'
import { requireAdminPage } from '@/app/_server/session'
import { MigrationPage } from '@/components/migration/migration-page'

export async function generateMetadata(): Promise<Metadata> {
  const t = await getTranslations('migration')
  return { title: t('title') }
}

export default async function Page() {
  await requireAdminPage('/admin/migration')
  return <MigrationPage />
}
