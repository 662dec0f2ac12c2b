import type { CodedMessages } from '@/components/format/coded-messages'
import type { Finding } from '@/lib/core/finding'

/** What a finding says and what to do, in the reader's language. */
export interface FindingWords {
  readonly message: string
  readonly hint: string
  /** Whether these are the server's own English sentences, because there are no others for this finding. */
  readonly isEnglish: boolean
}

/**
 * Words a finding from messages/, namespace `findings`: by its code, filled with its parameters and what every finding has (`table`, `column`,
 * `place`, `shape`, `severity`, `count`, and `n`, the count as text). Sentences about values say only what is wrong with
 * them; where and how many is the same for all. A code that is not known here, or a report of an earlier release without
 * the parameters, keeps the server's own words.
 */
export function wordFinding(t: CodedMessages, finding: Finding, formatNumber: (value: number) => string): FindingWords {
  const own = { message: finding.message, hint: finding.hint, isEnglish: true }
  const base = `codes.${finding.code}`
  const values: Record<string, string | number> = {
    table: finding.table ?? '',
    column: finding.column ?? '',
    place: [finding.table, finding.column].filter((part) => part !== null).join('.'),
    shape: finding.shape ?? '',
    severity: finding.severity,
    count: finding.count,
    n: formatNumber(finding.count),
    ...finding.params,
  }
  const translate = (key: string) => (isFilled(t, key, values) ? t(key, values) : null)
  const hint = translate(`${base}.hint`)
  if (hint === null) return own
  if (t.has(`${base}.says`)) {
    const says = translate(`${base}.says`)
    return says === null ? own : { message: t(values.unit === 'row' ? 'rowsIn' : 'valuesIn', { ...values, says }), hint, isEnglish: false }
  }
  const message = translate(`${base}.message`)
  return message === null ? own : { message, hint, isEnglish: false }
}

/** Whether the text exists and everything that it names is there. */
function isFilled(t: CodedMessages, key: string, values: Readonly<Record<string, string | number>>): boolean {
  if (!t.has(key)) return false
  const names = [...String(t.raw(key)).matchAll(/\{(\w+)(?:\}|, (?:select|plural),)/g)].map(([, name]) => name ?? '')
  return names.every((name) => name in values)
}

/** What a finding is about, in the reader's language: "index by_mail" has its kind in front; a value's shape stays as it is. */
export function wordShape(t: CodedMessages, shape: string): string {
  const kind = /^(schema migration|row level security policy|enum type|\w+)(?= |$)/.exec(shape)?.[0] ?? ''
  const key = `kinds.${kind === 'row level security policy' ? 'policy' : kind === 'enum type' ? 'enum' : kind}`
  return kind !== '' && t.has(key) ? t(key) + shape.slice(kind.length) : shape
}
