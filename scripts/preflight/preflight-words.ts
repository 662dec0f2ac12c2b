import { createTranslator } from 'next-intl'
import type { PreflightCheck } from '@/lib/preflight/preflight-result'
import messages from '@/messages/en.json' with { type: 'json' }

/** A check in words, as the page has them: one source for both, `preflight.checks` of messages/en.json. */
export interface CheckWords {
  readonly title: string
  readonly why: string
  readonly what: string
  /** What to do; null where it passed. */
  readonly hint: string | null
}

const t = createTranslator({ locale: 'en', messages, namespace: 'preflight' })
// Outcomes differ from check to check, so their keys are put together; a test has every one of them translated.
const translate = t as unknown as ((key: string, values?: Record<string, string | number>) => string) & { has(key: string): boolean }

/** The words of a check. */
export function wordsOf(check: PreflightCheck): CheckWords {
  const base = `checks.${check.code}`
  const words = { title: translate(`${base}.title`), why: translate(`${base}.why`) }
  const key = `${base}.outcomes.${check.outcome}`
  if (check.outcome === 'unasked' && !translate.has(`${key}.what`)) {
    return { ...words, what: `${t('unasked')} ${check.error?.message ?? ''}`.trim(), hint: check.error?.hint ?? t('unaskedDo') }
  }
  const values = valuesOf(check)
  const reason = check.outcome === 'unasked' ? undefined : check.error?.message
  const what = [translate(`${key}.what`, values), reason].filter((part) => part !== undefined).join(' ')
  return { ...words, what, hint: translate.has(`${key}.remedy`) ? translate(`${key}.remedy`, values) : null }
}

/** The name of a group, a status or a verdict. */
export const nameOf = {
  group: (group: PreflightCheck['group']) => t(`groups.${group}`),
  status: (status: PreflightCheck['status']) => t(`status.${status}`),
}

/** Figures as people read them: `sizeBytes` is the sentence's `size`. */
function valuesOf({ params, count }: PreflightCheck): Record<string, string | number> {
  const entries = Object.entries(params).map(([name, value]): [string, string | number] => {
    if (typeof value === 'number' && name.endsWith('Bytes')) return [name.slice(0, -5), formatBytes(value)]
    if (typeof value === 'number' && name.endsWith('Ms')) return [name.slice(0, -2), formatMs(value)]
    return name.endsWith('At') ? [name.slice(0, -2), String(value)] : [name, value]
  })
  return { count: count ?? 0, ...Object.fromEntries(entries) }
}

/** 1536 → "1.5 KB" */
export function formatBytes(bytes: number): string {
  const units = ['B', 'KB', 'MB', 'GB', 'TB']
  const power = Math.min(units.length - 1, Math.max(0, Math.floor(Math.log(Math.max(1, bytes)) / Math.log(1024))))
  return `${(bytes / 1024 ** power).toFixed(power === 0 ? 0 : 1)} ${units[power]}`
}

/** 1500 → "1.5 s" */
export function formatMs(ms: number): string {
  if (ms < 1_000) return `${ms < 10 ? ms.toFixed(1) : Math.round(ms)} ms`
  if (ms < 120_000) return `${(ms / 1_000).toFixed(1)} s`
  return ms < 7_200_000 ? `${Math.round(ms / 60_000)} min` : `${(ms / 3_600_000).toFixed(1)} h`
}
