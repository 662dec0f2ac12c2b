import type { Metadata } from 'next'
import { getTranslations } from 'next-intl/server'
import { requireAdminPage } from '@/app/_server/session'
import { LogsPage } from '@/components/logs/logs-page'

export async function generateMetadata(): Promise<Metadata> {
  const t = await getTranslations('logs')
  return { title: t('title') }
}

export default async function Page() {
  await requireAdminPage('/admin/logs')
  return <LogsPage />
}
