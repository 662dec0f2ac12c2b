import type { Metadata } from 'next'
import { getTranslations } from 'next-intl/server'
import { requireAdminPage } from '@/app/_server/session'
import { TroubleshootingPage } from '@/components/troubleshooting/troubleshooting-page'

export async function generateMetadata(): Promise<Metadata> {
  const t = await getTranslations('troubleshooting')
  return { title: t('title') }
}

export default async function Page() {
  await requireAdminPage('/admin/troubleshooting')
  return <TroubleshootingPage />
}
