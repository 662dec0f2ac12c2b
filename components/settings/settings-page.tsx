'use client'

import { BellRing, CalendarClock, CloudUpload, Wrench } from 'lucide-react'
import Link from 'next/link'
import { useTranslations } from 'next-intl'
import { PageHeader } from '@/components/admin/page-header'
import { KeyFingerprints } from '@/components/preflight/key-fingerprints'
import { SavedTargets } from '@/components/targets/saved-targets'
import { Card, CardHeader } from '@/components/ui/card'
import { PreferencesCard } from './preferences-card'
import { SessionsCard } from './sessions-card'

const places = [
  { name: 'schedules', href: '/admin/backups', icon: CalendarClock },
  { name: 'destinations', href: '/admin/backups/destinations', icon: CloudUpload },
  { name: 'alarms', href: '/admin/backups/alarms', icon: BellRing },
  { name: 'maintenance', href: '/admin/database', icon: Wrench },
] as const

export interface SettingsPageProps {
  /** The server action that remembers the language. */
  setLocale: (locale: string) => Promise<void>
}

/** What is set once: language, theme, sessions, targets, keys; and the way to what has a page of its own. */
export function SettingsPage({ setLocale }: SettingsPageProps) {
  const t = useTranslations('settings')
  return (
    <>
      <PageHeader title={t('title')} description={t('description')} />
      <div className="flex flex-col gap-4">
        <PreferencesCard setLocale={setLocale} />
        <SessionsCard />
        <Card aria-labelledby="elsewhere" className="overflow-hidden">
          <CardHeader title={t('elsewhere')} titleId="elsewhere" />
          <ul className="grid sm:grid-cols-2">
            {places.map(({ name, href, icon: Icon }) => (
              <li key={name} className="border-line border-t sm:odd:border-r">
                <Link href={href} className="flex items-start gap-3 px-4 py-3 text-sm -outline-offset-2 hover:bg-hover sm:px-5">
                  <Icon aria-hidden className="mt-0.5 size-4 text-ink-faint" />
                  <span>
                    <span className="block font-medium">{t(`places.${name}.title`)}</span>
                    <span className="block text-ink-faint text-xs">{t(`places.${name}.body`)}</span>
                  </span>
                </Link>
              </li>
            ))}
          </ul>
        </Card>
        <SavedTargets />
        <KeyFingerprints />
      </div>
    </>
  )
}
