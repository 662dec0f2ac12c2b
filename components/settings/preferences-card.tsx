'use client'

import { useRouter } from 'next/navigation'
import { useLocale, useTranslations } from 'next-intl'
import { useTheme } from 'next-themes'
import { useEffect, useState, useTransition } from 'react'
import { Card, CardBody, CardHeader } from '@/components/ui/card'
import { Segments } from '@/components/ui/segments'

const themes = ['system', 'light', 'dark'] as const
const names = { system: 'themeSystem', light: 'themeLight', dark: 'themeDark' } as const

/** Language and theme of this browser. */
export function PreferencesCard({ setLocale }: { setLocale: (locale: string) => Promise<void> }) {
  const t = useTranslations('common')
  const settings = useTranslations('settings')
  const locale = useLocale()
  const router = useRouter()
  const { theme, setTheme } = useTheme()
  const [, startTransition] = useTransition()
  // Which theme is chosen only the browser knows: the server's page must not say.
  const [isHere, setIsHere] = useState(false)
  useEffect(() => setIsHere(true), [])
  const changeLocale = (next: string) =>
    startTransition(async () => {
      await setLocale(next)
      router.refresh()
    })
  return (
    <Card aria-labelledby="preferences">
      <CardHeader title={settings('preferences')} titleId="preferences" description={settings('preferencesBody')} />
      <CardBody className="flex flex-wrap gap-x-8 gap-y-4">
        <div className="flex flex-col gap-1.5">
          <span className="font-medium text-sm">{t('language')}</span>
          <Segments
            label={t('language')}
            value={locale}
            onChange={changeLocale}
            items={[
              { value: 'en', label: t('english') },
              { value: 'fr', label: t('french') },
            ]}
          />
        </div>
        <div className="flex flex-col gap-1.5">
          <span className="font-medium text-sm">{t('theme')}</span>
          <Segments
            label={t('theme')}
            value={isHere ? (themes.find((name) => name === theme) ?? 'system') : ''}
            onChange={setTheme}
            items={themes.map((value) => ({ value: value as string, label: t(names[value]) }))}
          />
        </div>
      </CardBody>
    </Card>
  )
}
