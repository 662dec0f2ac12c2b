import type { Metadata } from 'next'
import { getTranslations } from 'next-intl/server'
import { requireAdminPage } from '@/app/_server/session'
import { AlarmsPage } from '@/components/backups/alarms/alarms-page'

export async function generateMetadata(): Promise<Metadata> {
  const t = await getTranslations('alarms')
  return { title: t('title') }
}

export default async function Page() {
  await requireAdminPage('/admin/backups/alarms')
  return <AlarmsPage />
}
