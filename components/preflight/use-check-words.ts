import { useTranslations } from 'next-intl'
import { useErrorText } from '@/components/api/use-error-text'
import { codedMessages } from '@/components/format/coded-messages'
import { useFormatters } from '@/components/format/use-formatters'
import { writtenParams } from '@/components/format/written-params'
import { errorCodes } from '@/lib/core/errors'
import type { PreflightCheck } from '@/lib/preflight/preflight-result'

/** A check in the reader's language. */
export interface CheckWords {
  readonly title: string
  readonly why: string
  readonly what: string
  /** What to do; null where it passed. */
  readonly hint: string | null
  /** The library's own sentence, in English, where it tells more. */
  readonly detail: string | null
}

/** Puts a check into words: its outcome's sentences from messages/, with its figures. */
export function useCheckWords(): (check: PreflightCheck) => CheckWords {
  const t = useTranslations('preflight')
  const format = useFormatters()
  const errorText = useErrorText()
  const translate = codedMessages(t)
  return (check) => {
    const base = `checks.${check.code}`
    const words = { title: translate(`${base}.title`), why: translate(`${base}.why`), detail: check.error?.message ?? null }
    const key = `${base}.outcomes.${check.outcome}`
    const known = errorCodes.find((code) => code === check.error?.code)
    const error = known === undefined || known === 'INTERNAL' ? null : errorText({ code: known, message: '', retryable: false })
    if (!translate.has(`${key}.what`)) return { ...words, what: t('unasked'), hint: error?.hint ?? t('unaskedDo') }
    const values = { count: check.count ?? 0, ...writtenParams(check.params, format) }
    const hint = translate.has(`${key}.remedy`) ? translate(`${key}.remedy`, values) : null
    const isUnasked = check.outcome === 'unasked'
    return {
      ...words,
      what: [translate(`${key}.what`, values), error?.title].filter((part) => part !== undefined).join(' '),
      hint: check.code === 'target-reachable' && error ? error.hint : hint,
      detail: isUnasked ? null : words.detail,
    }
  }
}
