import { useTranslations } from 'next-intl'
import { codedMessages } from '@/components/format/coded-messages'
import { useFormatters } from '@/components/format/use-formatters'
import { writtenParam } from '@/components/format/written-params'
import type { HealthCheck, HealthItem } from '@/lib/monitoring/health-report'

/** A check in the reader's language. */
export interface HealthWords {
  readonly title: string
  readonly why: string
  readonly what: string
  /** What to do; null where all is well. */
  readonly remedy: string | null
}

/** Numbers that a sentence counts with; others are written out before they are put in. */
const counted: ReadonlySet<string> = new Set(['count', 'waiting', 'calls', 'looks', 'replicas', 'slots'])

/** Puts checks and their items into words from messages/, with their figures. */
export function useHealthWords() {
  const format = useFormatters()
  const translate = codedMessages(useTranslations('database'))

  const written = (params: HealthCheck['params']): Record<string, string | number> =>
    Object.fromEntries(
      Object.entries(params).map(([name, value]) => {
        if (typeof value === 'string' || name.endsWith('Bytes') || name.endsWith('Ms')) return writtenParam(name, value, format)
        if (name.endsWith('Share')) return [name.slice(0, -5), format.percent(value)]
        return [name, counted.has(name) ? value : format.number(Math.round(value))]
      }),
    )

  const ofCheck = (check: HealthCheck): HealthWords => {
    const base = `checks.${check.code}`
    const values = { ...written(check.params), count: check.count }
    const state = `${base}.states.${check.params.state}`
    const sentence = () => {
      if (check.level === 'unknown') return translate(translate.has(state) ? state : `unknown.${check.reason ?? 'failed'}`, values)
      if (check.level === 'ok') return translate(`${base}.ok`, values)
      return translate(translate.has(state) ? state : `${base}.found`, values)
    }
    const isWell = check.level === 'ok' || (check.level === 'unknown' && check.reason !== 'not-asked' && check.reason !== 'no-right')
    return {
      title: translate(`${base}.title`),
      why: translate(`${base}.why`),
      what: sentence(),
      remedy: isWell || !translate.has(`${base}.remedy`) ? null : translate(`${base}.remedy`, values),
    }
  }

  const ofItem = (check: HealthCheck, item: HealthItem): string | null => {
    const key = `checks.${check.code}.items.${item.wording}`
    return translate.has(key) ? translate(key, written(item.params)) : null
  }

  return { ofCheck, ofItem }
}
