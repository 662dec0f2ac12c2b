import { useTranslations } from 'next-intl'
import { codedMessages } from '@/components/format/coded-messages'
import { useFormatters } from '@/components/format/use-formatters'
import type { Finding } from '@/lib/core/finding'
import { type FindingWords, wordFinding } from './finding-words'

/** Words findings in the reader's language. */
export function useFindingWords(): (finding: Finding) => FindingWords {
  const t = codedMessages(useTranslations('findings'))
  const format = useFormatters()
  return (finding) => wordFinding(t, finding, format.number)
}
