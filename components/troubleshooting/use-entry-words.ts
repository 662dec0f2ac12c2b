import { useTranslations } from 'next-intl'
import { codedMessages } from '@/components/format/coded-messages'
import { useFormatters } from '@/components/format/use-formatters'
import { writtenParams } from '@/components/format/written-params'
import { type Entry, isOwnCode } from '@/lib/troubleshooting/catalogue'
import type { Diagnosis } from '@/lib/troubleshooting/diagnosis'

export interface EntryWords {
  readonly title: string
  readonly cause: string
  readonly remedy: string
}

/** Puts an entry and what its test found into words. */
export function useEntryWords() {
  const errors = codedMessages(useTranslations('errors'))
  const t = codedMessages(useTranslations('troubleshooting'))
  const format = useFormatters()

  const words = ({ id }: Pick<Entry, 'id'>): EntryWords => {
    const isError = isOwnCode(id) || errors.has(`${id}.title`)
    if (isError) return { title: errors(`${id}.title`), cause: errors(`${id}.body`), remedy: errors(`${id}.hint`) }
    return { title: t(`entries.${id}.title`), cause: t(`entries.${id}.cause`), remedy: t(`entries.${id}.remedy`) }
  }

  const found = ({ finding, params }: Diagnosis): string => t(`findings.${finding}`, writtenParams(params, format))

  return { words, found }
}
