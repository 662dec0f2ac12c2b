import { useTranslations } from 'next-intl'
import { codedMessages } from '@/components/format/coded-messages'
import type { FunctionOutcome } from '@/lib/verification/function-report'
import { wordFunctionCause } from './cause-words'

/** Words why a function failed or could not be tried; null when it passed. */
export function useFunctionCause(): (outcome: FunctionOutcome) => string | null {
  const t = codedMessages(useTranslations('verification.functions.cause'))
  const errors = useTranslations('errors')
  return (outcome) => wordFunctionCause(t, (code) => errors(`${code}.title`), outcome)
}
