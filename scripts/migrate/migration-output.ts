import type { Finding } from '@/lib/core/finding'
import type { MigrationResult } from '@/lib/migration/migration-result'

/** The result for people: what was found, then the counts of both sides next to each other. */
export function printMigration(result: MigrationResult): string {
  const findings = result.findings.map(printFinding)
  const lines = countLines(result)
  const verdict = result.error ? [`Failed: ${result.error.message}`, ...(result.error.hint ? [result.error.hint] : [])] : []
  return [...findings, ...lines, ...verdict].join('\n')
}

function countLines(result: MigrationResult): readonly string[] {
  if (result.tables.length === 0) return result.status === 'succeeded' ? [`The source has no table. Done in ${seconds(result)} s.`] : []
  const width = Math.max(5, ...result.tables.map(({ table }) => table.length))
  const line = (name: string, source: string, target: string, verdict: string) =>
    `${name.padEnd(width)}  ${source.padStart(14)}  ${target.padStart(14)}  ${verdict}`.trimEnd()
  const sum = (side: 'sourceRows' | 'targetRows') => result.tables.reduce((total, table) => total + (table[side] ?? 0), 0)
  const rows = result.tables.map(({ table, sourceRows, targetRows }) =>
    line(
      table,
      shown(sourceRows),
      shown(targetRows),
      sourceRows === targetRows ? 'equal' : sourceRows === null ? 'only in the target' : 'DIFFERENT',
    ),
  )
  return [
    line('table', 'SQLite', 'PostgreSQL', ''),
    ...rows,
    line('total', shown(sum('sourceRows')), shown(sum('targetRows')), ''),
    ...(result.status === 'succeeded' ? [`Migrated ${shown(result.rowsCopied)} rows in ${seconds(result)} s.`] : []),
  ]
}

function printFinding({ severity, code, table, column, shape, key, message, hint }: Finding): string {
  const place = [table, column, shape].filter((part) => part !== null).join(' · ')
  const row =
    key === null
      ? ''
      : ` (row ${Object.entries(key)
          .map(([name, value]) => `${name}=${value}`)
          .join(', ')})`
  return `${severity} ${code}${place === '' ? '' : ` ${place}`}${row}: ${message} ${hint}`
}

function shown(count: number | null): string {
  return count === null ? '–' : count.toLocaleString('en')
}

function seconds(result: MigrationResult): string {
  return (result.elapsedMs / 1000).toFixed(1)
}
