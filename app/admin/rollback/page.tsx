import type { Metadata } from 'next'
import { getTranslations } from 'next-intl/server'
import { requireAdminPage } from '@/app/_server/session'
import { RollbackPage } from '@/components/rollback/rollback-page'

export async function generateMetadata(): Promise<Metadata> {
  const t = await getTranslations('rollback')
  return { title: t('title') }
}

export default async function Page() {
  await requireAdminPage('/admin/rollback')
  return <RollbackPage />
}
