import type { Metadata } from 'next'
import { getTranslations } from 'next-intl/server'
import { requireAdminPage } from '@/app/_server/session'
import { VerificationPage } from '@/components/verification/verification-page'

export async function generateMetadata(): Promise<Metadata> {
  const t = await getTranslations('verification')
  return { title: t('title') }
}

export default async function Page() {
  await requireAdminPage('/admin/verification')
  return <VerificationPage />
}
