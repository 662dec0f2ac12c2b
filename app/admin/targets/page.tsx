import type { Metadata } from 'next'
import { getTranslations } from 'next-intl/server'
import { requireAdminPage } from '@/app/_server/session'
import { TargetsPage } from '@/components/targets/targets-page'

export async function generateMetadata(): Promise<Metadata> {
  const t = await getTranslations('targets')
  return { title: t('title') }
}

export default async function Page() {
  await requireAdminPage('/admin/targets')
  return <TargetsPage />
}
