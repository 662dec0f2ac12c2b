import type { Metadata } from 'next'
import { getTranslations } from 'next-intl/server'
import { requireAdminPage } from '@/app/_server/session'
import { PreflightPage } from '@/components/preflight/preflight-page'

export async function generateMetadata(): Promise<Metadata> {
  const t = await getTranslations('preflight')
  return { title: t('title') }
}

export default async function Page() {
  await requireAdminPage('/admin/preflight')
  return <PreflightPage />
}
