import type { Metadata } from 'next'
import { getTranslations } from 'next-intl/server'
import type { ReactNode } from 'react'
import { requireAdminPage } from '@/app/_server/session'
import { setLocale } from '@/app/i18n/set-locale'
import { AdminShell } from '@/components/admin/admin-shell'

export async function generateMetadata(): Promise<Metadata> {
  const t = await getTranslations('admin')
  return { title: { default: t('title'), template: `%s · ${t('brand')}` } }
}

/** The frame only: every page below guards itself, because a layout is not rendered again on navigation. */
export default async function AdminLayout({ children }: Readonly<{ children: ReactNode }>) {
  const user = await requireAdminPage()
  return (
    <AdminShell user={{ name: user.name, email: user.email }} setLocale={setLocale}>
      {children}
    </AdminShell>
  )
}
