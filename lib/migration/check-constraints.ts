import { z } from 'zod'
import type { PostgresCatalogue, SqliteCatalogue, SqliteTable } from '@/lib/core/catalogue'
import { AppError } from '@/lib/core/errors'
import { createFinding, type Finding } from '@/lib/core/finding'
import { quoteName, type SafeSql, safeSql } from '@/lib/core/quoted-name'
import { runAside } from '@/lib/sqlite/run-aside'

const answer = z.array(z.object({ rows: z.number(), first: z.union([z.number(), z.string(), z.null()]) }))

/**
 * Rows that break a CHECK constraint of their own table: written before the constraint was, or with
 * `ignore_check_constraints`. PostgreSQL would refuse them in mid-copy. Asked with the constraint's own expression, since
 * integrity_check says nothing of them in SQLite 3.51. Where the target has no CHECK on the table they are a note.
 */
export async function findBrokenChecks(
  path: string,
  source: SqliteCatalogue,
  target: PostgresCatalogue,
  signal: AbortSignal,
): Promise<readonly Finding[]> {
  const findings: Finding[] = []
  for (const table of source.tables) {
    const isKept = target.tables.some(({ name, constraints }) => name === table.name && constraints.some(({ kind }) => kind === 'check'))
    for (const { expression } of table.checks) findings.push(...(await findBroken(path, table, expression, isKept, signal)))
  }
  return findings
}

async function findBroken(
  path: string,
  table: SqliteTable,
  expression: string,
  isKept: boolean,
  signal: AbortSignal,
): Promise<readonly Finding[]> {
  const first = table.withoutRowid ? safeSql`NULL` : safeSql`min(${quoteName(table.rowidColumn ?? 'rowid')})`
  // The expression is what SQLite itself evaluates at every write to this table; NULL is no breach.
  const sql = safeSql`SELECT count(*) AS rows, ${first} AS first FROM ${quoteName(table.name)} WHERE NOT (${expression as SafeSql})`
  const rows = await runAside({ path, readonly: true, sql }, signal).catch((error: unknown) => {
    // An expression over functions that only the app defines: SQLite cannot ask it here, nor is it kept on the target.
    if (error instanceof AppError && error.code === 'SOURCE_UNREADABLE') return []
    throw error
  })
  const [found] = answer.parse(rows)
  if (!found || found.rows === 0) return []
  const key = found.first === null ? null : { [table.rowidColumn ?? 'rowid']: String(found.first) }
  return [
    createFinding({
      code: 'CHECK_VIOLATED',
      severity: isKept ? 'blocks' : 'note',
      table: table.name,
      key,
      sampleKeys: key === null ? [] : [key],
      count: found.rows,
      shape: `CHECK (${expression})`,
      params: { sql: `SELECT * FROM ${quoteName(table.name)} WHERE NOT (${expression})` },
      message: `${found.rows} ${found.rows === 1 ? 'row breaks' : 'rows break'} a CHECK constraint of their own table; PostgreSQL would refuse them.`,
      hint: `Correct these rows (SELECT * FROM ${quoteName(table.name)} WHERE NOT (${expression})), or drop the constraint, then start again.`,
    }),
  ]
}
