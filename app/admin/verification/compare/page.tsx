import type { Metadata } from 'next'
import { redirect } from 'next/navigation'
import { getTranslations } from 'next-intl/server'
import { requireAdminPage } from '@/app/_server/session'
import { ComparePage } from '@/components/verification/compare-page'

export interface PageProps {
  readonly searchParams: Promise<Readonly<Record<string, string | string[] | undefined>>>
}

export async function generateMetadata(): Promise<Metadata> {
  const t = await getTranslations('verification.compare')
  return { title: t('title') }
}

export default async function Page({ searchParams }: PageProps) {
  await requireAdminPage('/admin/verification')
  const { one, other } = await searchParams
  // Two reports are chosen on a report's own page.
  if (typeof one !== 'string' || typeof other !== 'string') redirect('/admin/verification')
  return <ComparePage one={one} other={other} />
}
