import { z } from 'zod'
import type { SqliteCatalogue, SqliteTable } from '@/lib/core/catalogue'
import { createFinding, type Finding } from '@/lib/core/finding'
import { quoteName, type SafeSql, safeSql } from '@/lib/core/quoted-name'
import type { TargetReference } from '@/lib/verification/target-structure'
import { keyFields, readKeys, selectList } from './row-keys'

const counted = z.array(z.object({ rows: z.number() }))

/**
 * Rows that break a reference which only the model has: SQLite's own check of foreign keys does not know of it, and
 * PostgreSQL would refuse it when all rows are there.
 *
 * @param ask runs a statement on the file, read-only
 */
export async function findModelOrphans(
  source: SqliteCatalogue,
  references: readonly TargetReference[],
  ask: (sql: SafeSql) => Promise<readonly unknown[]>,
): Promise<readonly Finding[]> {
  const findings: Finding[] = []
  for (const reference of references) {
    const table = source.tables.find(({ name }) => name === reference.table)
    const parent = source.tables.find(({ name }) => name === reference.referencedTable)
    if (!table || !hasColumns(table, reference.columns) || isInFile(table, reference)) continue
    const pairs = reference.columns.map((column, at) => [quoteName(column), quoteName(reference.referencedColumns[at] ?? '')] as const)
    // A parent that the file does not have, or not with these columns, has no row on the target that could be referred to.
    const found =
      parent && hasColumns(parent, reference.referencedColumns)
        ? safeSql`EXISTS (SELECT 1 FROM ${quoteName(parent.name)} AS p WHERE ${joined(pairs.map(([column, other]) => safeSql`p.${other} = c.${column} COLLATE BINARY`))})`
        : safeSql`FALSE`
    const present = joined(pairs.map(([column]) => safeSql`c.${column} IS NOT NULL`))
    const from = safeSql`FROM ${quoteName(table.name)} AS c WHERE ${present} AND NOT ${found}`
    const rows = counted.parse(await ask(safeSql`SELECT count(*) AS rows ${from}`))[0]?.rows ?? 0
    if (rows === 0) continue
    const fields = keyFields(table, safeSql`c`)
    const keys = fields.length === 0 ? [] : readKeys(fields, await ask(safeSql`SELECT ${selectList(fields)} ${from} LIMIT 10`))
    findings.push(
      createFinding({
        code: 'ORPHAN_ROWS',
        severity: 'blocks',
        table: table.name,
        column: reference.columns.join(', '),
        key: keys[0] ?? null,
        sampleKeys: [...keys],
        count: rows,
        params: { parent: reference.referencedTable },
        message: `${rows} ${rows === 1 ? 'row refers' : 'rows refer'} to rows of ${reference.referencedTable} that do not exist.`,
        hint: 'Delete these rows, or give them an existing row to refer to, or set the reference to NULL where that is allowed.',
      }),
    )
  }
  return findings
}

function joined(conditions: readonly SafeSql[]): SafeSql {
  return conditions.join(' AND ') as SafeSql
}

function hasColumns(table: SqliteTable, names: readonly string[]): boolean {
  return names.every((name) => table.columns.some((column) => column.name === name))
}

/** Whether the file has this very reference, so that its own check has named what breaks it. */
function isInFile(table: SqliteTable, reference: TargetReference): boolean {
  const columns = (names: readonly string[], others: readonly string[]) =>
    names
      .map((name, at) => `${name}\0${others[at]}`)
      .sort()
      .join('\0\0')
  return table.foreignKeys.some(
    (key) =>
      key.referencedTable === reference.referencedTable &&
      columns(key.columns, key.referencedColumns) === columns(reference.columns, reference.referencedColumns),
  )
}
