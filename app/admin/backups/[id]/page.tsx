import type { Metadata } from 'next'
import { getTranslations } from 'next-intl/server'
import { requireAdminPage } from '@/app/_server/session'
import { BackupPage } from '@/components/backups/backup-page'

export interface PageProps {
  readonly params: Promise<{ readonly id: string }>
}

export async function generateMetadata(): Promise<Metadata> {
  const t = await getTranslations('backups')
  return { title: t('oneTitle') }
}

export default async function Page({ params }: PageProps) {
  const { id } = await params
  await requireAdminPage(`/admin/backups/${encodeURIComponent(id)}`)
  return <BackupPage backupId={id} />
}
