import type { ValueCode } from './value-codes'

/**
 * What becomes of one value: the text that PostgreSQL is given (before COPY's escapes), perhaps with something to say
 * about it, or a refusal. A refused value is never sent.
 */
export type Conversion =
  | { readonly status: 'converted'; readonly text: string; readonly issue: ValueCode | null }
  | { readonly status: 'refused'; readonly issue: ValueCode }

export function converted(text: string, issue: ValueCode | null = null): Conversion {
  return { status: 'converted', text, issue }
}

export function refused(issue: ValueCode): Conversion {
  return { status: 'refused', issue }
}
