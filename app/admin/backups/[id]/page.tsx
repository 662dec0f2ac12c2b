import type { Metadata } from 'next'
import { getTranslations } from 'next-intl/server'
import { requireAdminPage } from '@/app/_server/session'
import { BackupPage } from '@/components/backups/backup-page'

export interface PageProps {
  readonly params: Promise<{ readonly id: string }>
  /** `restore`: the page opens with the question what to restore. */
  readonly searchParams: Promise<{ readonly restore?: string }>
}

export async function generateMetadata(): Promise<Metadata> {
  const t = await getTranslations('backups')
  return { title: t('oneTitle') }
}

export default async function Page({ params, searchParams }: PageProps) {
  const { id } = await params
  const { restore } = await searchParams
  await requireAdminPage(`/admin/backups/${encodeURIComponent(id)}`)
  return <BackupPage backupId={id} asksToRestore={restore !== undefined} />
}
