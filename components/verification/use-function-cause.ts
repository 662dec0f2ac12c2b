import { useTranslations } from 'next-intl'
import type { FunctionOutcome } from '@/lib/verification/function-report'
import { type CauseTranslator, wordFunctionCause } from './cause-words'

/** Words why a function failed or could not be tried; null when it passed. */
export function useFunctionCause(): (outcome: FunctionOutcome) => string | null {
  // The keys are the codes of closed lists, which a test has translated one by one.
  const t = useTranslations('verification.functions.cause') as unknown as CauseTranslator
  const errors = useTranslations('errors')
  return (outcome) => wordFunctionCause(t, (code) => errors(`${code}.title`), outcome)
}
