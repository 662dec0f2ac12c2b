'use client'

import { Languages, Monitor, Moon, Settings2, Sun } from 'lucide-react'
import { useRouter } from 'next/navigation'
import { useLocale, useTranslations } from 'next-intl'
import { useTheme } from 'next-themes'
import { useTransition } from 'react'
import { Button } from '@/components/ui/button'
import { Menu, MenuChoices, MenuSeparator } from '@/components/ui/menu'

export interface PreferencesMenuProps {
  /** The server action that remembers the language (app/i18n/set-locale). */
  setLocale: (locale: string) => Promise<void>
}

/** Theme and language of the interface. */
export function PreferencesMenu({ setLocale }: PreferencesMenuProps) {
  const t = useTranslations('common')
  const locale = useLocale()
  const router = useRouter()
  const { theme, setTheme } = useTheme()
  const [, startTransition] = useTransition()

  const changeLocale = (next: string) =>
    startTransition(async () => {
      await setLocale(next)
      router.refresh()
    })

  return (
    <Menu trigger={<Button variant="quiet" size="icon" aria-label={t('preferences')} icon={<Settings2 aria-hidden />} />}>
      <MenuChoices
        label={t('theme')}
        value={theme}
        onChange={setTheme}
        choices={[
          { value: 'light', label: t('themeLight'), icon: <Sun aria-hidden /> },
          { value: 'dark', label: t('themeDark'), icon: <Moon aria-hidden /> },
          { value: 'system', label: t('themeSystem'), icon: <Monitor aria-hidden /> },
        ]}
      />
      <MenuSeparator />
      <MenuChoices
        label={t('language')}
        value={locale}
        onChange={changeLocale}
        choices={[
          { value: 'en', label: t('english'), icon: <Languages aria-hidden /> },
          { value: 'fr', label: t('french'), icon: <Languages aria-hidden /> },
        ]}
      />
    </Menu>
  )
}
