import type { Metadata } from 'next'
import { getTranslations } from 'next-intl/server'
import { requireAdminPage } from '@/app/_server/session'
import { JobPage } from '@/components/activity/job-page'

export interface PageProps {
  readonly params: Promise<{ readonly id: string }>
}

export async function generateMetadata(): Promise<Metadata> {
  const t = await getTranslations('activity')
  return { title: t('oneTitle') }
}

export default async function Page({ params }: PageProps) {
  const { id } = await params
  await requireAdminPage(`/admin/activity/${encodeURIComponent(id)}`)
  return <JobPage jobId={id} />
}
