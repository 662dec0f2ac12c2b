import type { Metadata } from 'next'
import { getTranslations } from 'next-intl/server'
import { requireAdminPage } from '@/app/_server/session'
import { ActivityPage } from '@/components/activity/activity-page'

export async function generateMetadata(): Promise<Metadata> {
  const t = await getTranslations('activity')
  return { title: t('title') }
}

export default async function Page() {
  await requireAdminPage('/admin/activity')
  return <ActivityPage />
}
