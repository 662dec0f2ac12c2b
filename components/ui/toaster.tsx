'use client'

import { useTranslations } from 'next-intl'
import { useTheme } from 'next-themes'
import { Toaster as Sonner } from 'sonner'

/** Where toasts appear. Call `toast.success(…)` from `sonner` anywhere in client code. */
export function Toaster() {
  const { theme } = useTheme()
  const t = useTranslations('common')
  return (
    <Sonner
      theme={theme === 'light' || theme === 'dark' ? theme : 'system'}
      position="bottom-right"
      containerAriaLabel={t('notifications')}
      toastOptions={{
        classNames: {
          toast: 'border-line! bg-surface! text-ink! shadow-float! rounded-lg! font-sans!',
          description: 'text-ink-soft!',
        },
      }}
    />
  )
}
