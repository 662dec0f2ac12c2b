import type { StoredFunctionReport } from '@/lib/control/function-reports'
import type { StoredReport } from '@/lib/control/reports'
import type { FunctionReport } from '@/lib/verification/function-report'
import type { VerificationResult } from '@/lib/verification/verification-result'

/**
 * One line a table; each names the report that it is from, so that lines of several reports may stand in one sheet. After
 * them a line for each function of the app that was tried, by the program (`function:…`) or by hand (`by hand:…`).
 */
export function writeReportCsv(
  { id, createdAt, requestedBy, checksum, result }: StoredReport<VerificationResult>,
  functions: StoredFunctionReport<FunctionReport> | null,
): string {
  const heads = ['table', 'source_rows', 'target_rows', 'content', 'differences', 'since_switch', 'repaired_by_choice', 'reason']
  const about = ['report', 'made_at', 'made_by', 'source', 'target', 'sha256']
  const of = [id, createdAt.toISOString(), requestedBy, result.source.label, result.target.label, checksum]
  const lines = result.tables.map(({ table, sourceRows, targetRows, content, differencesTotal, expected, reason }) => [
    table,
    sourceRows,
    targetRows,
    content,
    differencesTotal,
    expected?.['since-switch'] ?? 0,
    expected?.['repaired-by-choice'] ?? 0,
    reason,
    ...of,
  ])
  // RFC 4180: CRLF, and quotes doubled.
  return [[...heads, ...about], ...lines, ...(functions ? functionLines(functions) : [])]
    .map((line) => `${line.map(cell).join(',')}\r\n`)
    .join('')
}

function functionLines({
  id,
  createdAt,
  requestedBy,
  checksum,
  result,
  ticks,
  signedOff,
}: StoredFunctionReport<FunctionReport>): (string | number | null)[][] {
  const line = (name: string, outcome: string, note: string | null, at: string, by: string, of: string) => [
    ...[name, null, null, outcome, null, null, null, note],
    ...[id, at, by, '', result.label, of],
  ]
  return [
    ...result.outcomes.map(({ name, status, reason }) =>
      line(`function:${name}`, status, reason, createdAt.toISOString(), requestedBy, checksum),
    ),
    ...ticks.map(({ item, outcome, at, by }) => line(`by hand:${item}`, outcome, null, at, by, signedOff?.checksum ?? '')),
  ]
}

function cell(value: string | number | null): string {
  if (value === null) return ''
  if (typeof value === 'number') return String(value)
  // A spreadsheet would run what begins like a formula.
  const text = /^[=+\-@\t\r]/.test(value) ? `'${value}` : value
  return /[",\r\n]/.test(text) ? `"${text.replaceAll('"', '""')}"` : text
}
