import type { Finding } from '@/lib/core/finding'
import type { ReportComparison } from './report-comparison'
import type { TableComparison, VerificationResult } from './verification-result'

/** What is other in the later of two reports. Pure; the caller says which is the earlier one. */
export function compareReports(earlier: VerificationResult, later: VerificationResult): ReportComparison {
  const before = new Map(earlier.tables.map((table) => [table.table, table]))
  const after = new Map(later.tables.map((table) => [table.table, table]))
  const names = [...new Set([...before.keys(), ...after.keys()])].sort()
  return {
    status: { before: earlier.status, after: later.status },
    tables: names.flatMap((table) => {
      const [was, is] = [before.get(table), after.get(table)]
      return isSame(was, is) ? [] : [{ table, before: was ? summaryOf(was) : null, after: is ? summaryOf(is) : null }]
    }),
    unchangedTables: names.filter((table) => isSame(before.get(table), after.get(table))).length,
    newFindings: missingFrom(later.findings, earlier.findings),
    goneFindings: missingFrom(earlier.findings, later.findings),
    versions: [
      ['source', earlier.source.version, later.source.version],
      ['target', earlier.target.version, later.target.version],
    ].flatMap(([side, was = '', is = '']) =>
      was === is ? [] : [{ side: side === 'source' ? ('source' as const) : ('target' as const), before: was, after: is }],
    ),
  }
}

function summaryOf({ sourceRows, targetRows, content, differencesTotal }: TableComparison) {
  return { sourceRows, targetRows, content, differencesTotal }
}

function isSame(one: TableComparison | undefined, other: TableComparison | undefined): boolean {
  return one !== undefined && other !== undefined && JSON.stringify(summaryOf(one)) === JSON.stringify(summaryOf(other))
}

function missingFrom(findings: readonly Finding[], others: readonly Finding[]): Finding[] {
  const known = new Set(others.map(idOf))
  return findings.filter((finding) => !known.has(idOf(finding)))
}

function idOf({ code, table, column, shape, message }: Finding): string {
  return JSON.stringify([code, table, column, shape, message])
}
