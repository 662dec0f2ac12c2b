import { useTranslations } from 'next-intl'
import { useFormatters } from '@/components/format/use-formatters'
import { type Entry, isOwnCode } from '@/lib/troubleshooting/catalogue'
import type { Diagnosis } from '@/lib/troubleshooting/diagnosis'

export interface EntryWords {
  readonly title: string
  readonly cause: string
  readonly remedy: string
}

type Translate = ((key: string, values?: Record<string, string | number>) => string) & { has(key: string): boolean }

/** Puts an entry and what its test found into words. */
export function useEntryWords() {
  // Codes differ from entry to entry, so their keys are put together; a test has every one of them in both languages.
  const errors = useTranslations('errors') as unknown as Translate
  const t = useTranslations('troubleshooting') as unknown as Translate
  const format = useFormatters()

  const words = ({ id }: Pick<Entry, 'id'>): EntryWords => {
    const isError = isOwnCode(id) || errors.has(`${id}.title`)
    if (isError) return { title: errors(`${id}.title`), cause: errors(`${id}.body`), remedy: errors(`${id}.hint`) }
    return { title: t(`entries.${id}.title`), cause: t(`entries.${id}.cause`), remedy: t(`entries.${id}.remedy`) }
  }

  const wordOf = (name: string, value: string | number): readonly [string, string | number] => {
    if (typeof value === 'number' && name.endsWith('Bytes')) return [name.slice(0, -5), format.bytes(value)]
    if (typeof value === 'number' && name.endsWith('Ms')) return [name.slice(0, -2), format.duration(Math.max(1, value))]
    if (typeof value === 'string' && name.endsWith('At')) return [name.slice(0, -2), value === '' ? '–' : format.dateTime(value)]
    return [name, value]
  }

  const found = ({ finding, params }: Diagnosis): string =>
    t(`findings.${finding}`, Object.fromEntries(Object.entries(params).map(([name, value]) => wordOf(name, value))))

  return { words, found }
}
