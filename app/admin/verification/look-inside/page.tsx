import type { Metadata } from 'next'
import { getTranslations } from 'next-intl/server'
import { requireAdminPage } from '@/app/_server/session'
import { LookInsidePage } from '@/components/verification/look-inside-page'

export async function generateMetadata(): Promise<Metadata> {
  const t = await getTranslations('verification.lookInside')
  return { title: t('title') }
}

export default async function Page() {
  await requireAdminPage('/admin/verification/look-inside')
  return <LookInsidePage />
}
