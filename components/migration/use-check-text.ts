'use client'

import { useTranslations } from 'next-intl'
import { useErrorText } from '@/components/api/use-error-text'
import { useFormatters } from '@/components/format/use-formatters'
import type { TargetCheck, TargetInspection } from '@/lib/postgres/inspect-target'

export interface CheckText {
  readonly message: string
  readonly hint: string | null
  /** The library's own sentence, in English, where it tells more: names, hosts. */
  readonly detail: string | null
}

/** A check of the target in the reader's language. */
export function useCheckText(inspection: TargetInspection): (check: TargetCheck) => CheckText {
  const t = useTranslations('migration.checkText')
  const errorText = useErrorText()
  const format = useFormatters()
  const plain = (message: string, hint: string | null = null): CheckText => ({ message, hint, detail: null })
  const version = inspection.serverVersion ?? ''

  return (check) => {
    if (check.code !== null) {
      const { title, hint } = errorText({ code: check.code, message: check.message, retryable: false })
      return { message: title, hint, detail: check.message }
    }
    if (check.status === 'unknown') return plain(t('unknown'))
    const isWarning = check.status === 'warning'
    switch (check.name) {
      case 'reachable':
        return plain(t('reachable', { version }))
      case 'version':
        return plain(t('version', { version }))
      case 'tls':
        if (isWarning) return plain(t('tlsOff'), t('tlsOffHint'))
        return plain(t(inspection.tls ? 'tlsOn' : 'tlsLocal'))
      case 'privileges':
        return plain(t('privileges'))
      case 'empty':
        if (!isWarning) return plain(t('empty', { schema: inspection.schema }))
        return inspection.leftover === 'cleanable' ? plain(t('cleanable'), t('cleanableHint')) : plain(t('setAside'), t('setAsideHint'))
      case 'encoding':
        return plain(t('encoding'))
      case 'latency': {
        const text = t('latency', { time: format.duration(Math.max(1, inspection.latencyMs ?? 0)) })
        return isWarning ? plain(text, t('latencyHint')) : plain(text)
      }
    }
  }
}
