'use client'

import { useTranslations } from 'next-intl'
import { Dialog } from '@/components/ui/dialog'
import { KeyboardKey } from '@/components/ui/keyboard-key'
import { navigation } from './navigation'

export interface ShortcutsDialogProps {
  open: boolean
  onOpenChange: (open: boolean) => void
}

/** All keyboard shortcuts of the admin area. */
export function ShortcutsDialog({ open, onOpenChange }: ShortcutsDialogProps) {
  const t = useTranslations('admin')
  const common = useTranslations('common')
  const rows = [
    ...navigation.map((item) => ({ keys: ['g', item.key], text: t('shortcuts.goTo', { page: t(`nav.${item.page}`) }) })),
    { keys: ['/'], text: t('shortcuts.search') },
    { keys: ['?'], text: t('shortcuts.help') },
  ]
  return (
    <Dialog
      open={open}
      onOpenChange={onOpenChange}
      title={t('shortcuts.title')}
      description={t('shortcuts.description')}
      closeLabel={common('close')}
      className="max-w-sm"
    >
      <dl className="flex flex-col gap-2 text-sm">
        {rows.map((row) => (
          <div key={row.text} className="flex items-center justify-between gap-4">
            <dt>{row.text}</dt>
            <dd className="flex items-center gap-1">
              {row.keys.map((key, index) => (
                <span key={key} className="flex items-center gap-1">
                  {index === 0 ? null : <span className="text-ink-faint text-xs">{t('shortcuts.then')}</span>}
                  <KeyboardKey>{key}</KeyboardKey>
                </span>
              ))}
            </dd>
          </div>
        ))}
      </dl>
    </Dialog>
  )
}
