import type { Metadata } from 'next'
import { getTranslations } from 'next-intl/server'
import { requireAdminPage } from '@/app/_server/session'
import { ReportPage } from '@/components/verification/report-page'

export interface PageProps {
  readonly params: Promise<{ readonly id: string }>
}

export async function generateMetadata(): Promise<Metadata> {
  const t = await getTranslations('verification')
  return { title: t('oneTitle') }
}

export default async function Page({ params }: PageProps) {
  const { id } = await params
  await requireAdminPage(`/admin/verification/${encodeURIComponent(id)}`)
  return <ReportPage reportId={id} />
}
