'use client'

import { Check, Copy } from 'lucide-react'
import { useTranslations } from 'next-intl'
import { useEffect, useState } from 'react'
import { toast } from 'sonner'
import { Button } from '@/components/ui/button'

const shownMs = 2_000

/** Copies a text to the clipboard and says so. */
export function CopyButton({ text, label }: { text: string; label?: string }) {
  const t = useTranslations('preflight')
  const [copied, setCopied] = useState(false)
  useEffect(() => {
    if (!copied) return
    const timer = setTimeout(() => setCopied(false), shownMs)
    return () => clearTimeout(timer)
  }, [copied])
  return (
    <Button
      size="small"
      aria-label={label === undefined ? undefined : `${t('copy')}: ${label}`}
      icon={copied ? <Check aria-hidden /> : <Copy aria-hidden />}
      onClick={() => {
        // Only over https or on localhost do browsers have a clipboard; elsewhere the text can still be selected.
        if (!navigator.clipboard) return void toast.error(t('copyFailed'))
        navigator.clipboard.writeText(text).then(
          () => setCopied(true),
          () => toast.error(t('copyFailed')),
        )
      }}
    >
      <span aria-live="polite">{t(copied ? 'copied' : 'copy')}</span>
    </Button>
  )
}
