import type { Metadata } from 'next'
import { getTranslations } from 'next-intl/server'
import { requireAdminPage } from '@/app/_server/session'
import { setLocale } from '@/app/i18n/set-locale'
import { SettingsPage } from '@/components/settings/settings-page'

export async function generateMetadata(): Promise<Metadata> {
  const t = await getTranslations('settings')
  return { title: t('title') }
}

export default async function Page() {
  await requireAdminPage('/admin/settings')
  return <SettingsPage setLocale={setLocale} />
}
