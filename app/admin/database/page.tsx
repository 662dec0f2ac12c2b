import type { Metadata } from 'next'
import { getTranslations } from 'next-intl/server'
import { requireAdminPage } from '@/app/_server/session'
import { DatabasePage } from '@/components/database/database-page'

export async function generateMetadata(): Promise<Metadata> {
  const t = await getTranslations('database')
  return { title: t('title') }
}

export default async function Page() {
  await requireAdminPage('/admin/database')
  return <DatabasePage />
}
