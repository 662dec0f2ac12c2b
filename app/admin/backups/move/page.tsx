import type { Metadata } from 'next'
import { getTranslations } from 'next-intl/server'
import { requireAdminPage } from '@/app/_server/session'
import { MovePage } from '@/components/backups/move-page'

export async function generateMetadata(): Promise<Metadata> {
  const t = await getTranslations('backups.move')
  return { title: t('title') }
}

export default async function Page() {
  await requireAdminPage('/admin/backups/move')
  return <MovePage />
}
