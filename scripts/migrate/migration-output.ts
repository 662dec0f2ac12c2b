import type { MigrationResult } from '@/lib/migration/migration-result'
import type { PreflightPlan } from '@/lib/preflight/preflight-result'
import { hasExpectedRows } from '@/lib/verification/verification-result'
import { failureText } from '@/scripts/command-line'
import { printPlan } from '@/scripts/preflight/preflight-output'
import { printFinding } from './finding-output'

/**
 * The result for people: what was found, then the counts of both sides next to each other; of a dry run the plan, and the
 * SQL where wanted.
 */
export function printMigration(result: MigrationResult, withSql: boolean, plan: PreflightPlan | null = null): string {
  const findings = result.findings.map((finding) => printFinding(finding))
  const lines = countLines(result)
  const verdict = result.error ? [`Failed: ${failureText(result.error)}`] : []
  const dryRun = result.dryRun && result.status === 'succeeded' ? ['Dry run: the migration can be started. Nothing was written.'] : []
  const sql = withSql && result.targetSchemaSql !== null ? ['', 'SQL of the target’s schema', '', result.targetSchemaSql.trim(), ''] : []
  const planned = plan === null ? [] : ['', ...printPlan(plan)]
  return [...findings, ...repairLines(result), ...lines, ...planned, ...sql, ...dryRun, ...verdict].join('\n')
}

function repairLines({ repairs, repairList, dryRun }: MigrationResult): readonly string[] {
  if (repairs.length === 0) return []
  const lines = repairs.map(({ kind, choice, action, table, column, rows, followed }) => {
    const place = [table, column].filter((part) => part !== null).join('.')
    const what = action === 'deleted' ? 'left out' : 'repaired'
    return `  ${kind}=${choice}  ${place}: ${shown(rows)} ${rows === 1 ? 'row' : 'rows'} ${dryRun ? `would be ${what}` : what}${followedBy(rows, followed)}`
  })
  const list = repairList === null ? [] : [`  Every row: ${repairList.path} (SHA-256 ${repairList.sha256})`]
  return ['Repaired by choice:', ...lines, ...list]
}

function followedBy(rows: number, followed: number): string {
  if (followed === 0) return ''
  return `, ${followed === rows ? '' : `${shown(followed)} of them `}with the rows that they refer to`
}

function countLines(result: MigrationResult): readonly string[] {
  if (result.tables.length === 0)
    return result.status === 'succeeded' && !result.dryRun ? [`The source has no table. Done in ${seconds(result)} s.`] : []
  const width = Math.max(5, ...result.tables.map(({ table }) => table.length))
  const line = (name: string, source: string, target: string, verdict: string) =>
    `${name.padEnd(width)}  ${source.padStart(14)}  ${target.padStart(14)}  ${verdict}`.trimEnd()
  const sum = (side: 'sourceRows' | 'targetRows') => result.tables.reduce((total, table) => total + (table[side] ?? 0), 0)
  const rows = result.tables.map((table) => line(table.table, shown(table.sourceRows), shown(table.targetRows), verdictOf(table)))
  return [
    line('table', 'SQLite', 'PostgreSQL', ''),
    ...rows,
    line('total', shown(sum('sourceRows')), shown(sum('targetRows')), ''),
    ...(result.rowsResumed === 0
      ? []
      : [`Resumed: ${shown(result.rowsResumed)} rows had been copied by an earlier run that was cut short.`]),
    ...(result.status === 'succeeded' ? [`Migrated ${shown(result.rowsCopied)} rows in ${seconds(result)} s.`, ...comparedOtherwise] : []),
  ]
}

/** What no finding can name, because it is so of every text: said at each migration. */
const comparedOtherwise = [
  'PostgreSQL compares texts in its own way: contains, startsWith and LIKE heed the case of letters (Prisma: mode: "insensitive"),',
  'texts are sorted by the database’s language, and NULL comes last in ascending order.',
]

function verdictOf(table: MigrationResult['tables'][number]): string {
  if (table.sourceRows === null) return 'only in the target'
  if (!hasExpectedRows(table)) return 'DIFFERENT'
  return table.leftOut === undefined ? 'equal' : `equal, ${shown(table.leftOut)} left out by choice`
}

function shown(count: number | null): string {
  return count === null ? '–' : count.toLocaleString('en')
}

function seconds(result: MigrationResult): string {
  return (result.elapsedMs / 1000).toFixed(1)
}
