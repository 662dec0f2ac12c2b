import type { FunctionCause } from '@/lib/verification/function-report'

/** Why a function failed, or could not be tried: in English, and by its name in messages/ (`verification.functions.cause.<name>`). */
const causes = {
  'account-not-found': 'The new account was not found by its address.',
  'right-password-refused': 'The right password was refused.',
  'wrong-password-accepted': 'A wrong password was accepted.',
  'hashes-not-whole': '{count} stored password hashes are not whole.',
  'new-link-lost': 'The linked account did not lead to its user.',
  'stored-link-lost': 'A stored account does not lead to its user.',
  'cv-not-one-file': 'The CV did not become one file.',
  'cv-not-encrypted': 'The CV’s file is not encrypted.',
  'cv-other-content': 'The CV opened as something else than was written.',
  'cv-not-paid': 'The CV did not cost its credit.',
  'cv-still-listed': 'The deleted CV is still listed.',
  'cv-file-left': 'The deleted CV left its file.',
  'no-cv': 'There is no CV yet.',
  'cv-other-length': 'The newest CV does not have the length that its row says.',
  'no-subscriber': 'Nobody has a running subscription.',
  'plan-not-shown': 'A subscriber’s plan could not be shown.',
  'balances-wrong': '{count} of {all} balances are not the sum of their transactions.',
  'no-credits': 'Nobody has credits yet.',
} as const

export type FunctionCauseCode = keyof typeof causes
export const functionCauseCodes = Object.keys(causes) as readonly FunctionCauseCode[]

export function functionCause(code: FunctionCauseCode, params: FunctionCause['params'] = {}): FunctionCause {
  return { code, params, message: causes[code].replace(/\{(\w+)\}/g, (_, name: string) => String(params[name])) }
}
