import { useTranslations } from 'next-intl'
import { useFormatters } from '@/components/format/use-formatters'
import type { Finding } from '@/lib/core/finding'
import { type FindingTranslator, type FindingWords, wordFinding } from './finding-words'

/** Words findings in the reader's language. */
export function useFindingWords(): (finding: Finding) => FindingWords {
  const t = useTranslations('findings')
  const format = useFormatters()
  // The keys are put together from codes, which a test has translated one by one.
  const translate = t as unknown as FindingTranslator
  return (finding) => wordFinding(translate, finding, format.number)
}
