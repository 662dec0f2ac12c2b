import type pg from 'pg'
import { z } from 'zod'
import type { ForeignKey, SqliteTable } from '@/lib/core/catalogue'
import { reportError } from '@/lib/core/errors'
import { createFinding, type Finding } from '@/lib/core/finding'
import { qualifiedName, quoteName } from '@/lib/core/quoted-name'
import { sqlStateOf, toPostgresError } from '@/lib/postgres/connect'
import { isSame } from './compare-references'
import type { TargetStructure } from './target-structure'

export interface OrphanCheck {
  readonly findings: readonly Finding[]
  readonly checked: number
}

/**
 * Rows of the target that refer to a row which is not there, whatever the target's own constraints say: a constraint that
 * was off for a moment looks like any other.
 *
 * Asked of the rows only where it can be: a reference that the target holds, checked and switched on, between two tables
 * whose content is the source's has no orphan, or PostgreSQL would not have taken the constraint over these very rows.
 *
 * @param isIdentical whether a table's content was compared and is the source's
 */
export async function findOrphans(
  client: pg.Client,
  schema: string,
  tables: readonly SqliteTable[],
  structure: TargetStructure,
  isIdentical: (table: string) => boolean,
): Promise<OrphanCheck> {
  const findings: Finding[] = []
  let checked = 0
  for (const table of tables) {
    for (const key of table.foreignKeys) {
      checked += 1
      const held = structure.references.find((reference) => reference.table === table.name && isSame(reference, key))
      if (held?.validated && held.enforced && isIdentical(table.name) && isIdentical(key.referencedTable)) continue
      findings.push(...(await findIn(client, schema, table, key)))
    }
  }
  return { findings, checked }
}

const sampleSize = 10

/** No such operator, table, column. */
const incomparable = new Set(['42883', '42P01', '42703'])

async function findIn(client: pg.Client, schema: string, table: SqliteTable, key: ForeignKey): Promise<readonly Finding[]> {
  const place = { table: table.name, column: key.columns[0] ?? null, shape: `(${key.columns.join(', ')}) → ${key.referencedTable}` }
  const child = key.columns.map((name) => `c.${quoteName(name)}`)
  const matches = key.referencedColumns.map((name, at) => `p.${quoteName(name)} = ${child[at] ?? 'NULL'}`).join(' AND ')
  const orphans = `FROM ${qualifiedName(schema, table.name)} c WHERE ${child.map((name) => `${name} IS NOT NULL`).join(' AND ')}
    AND NOT EXISTS (SELECT 1 FROM ${qualifiedName(schema, key.referencedTable)} p WHERE ${matches})`
  const keyNames = table.primaryKey.length > 0 ? table.primaryKey : key.columns
  await client.query('SAVEPOINT find_orphans')
  try {
    const counted = await client.query(`SELECT count(*)::text AS rows ${orphans}`)
    const count = Number(z.tuple([z.object({ rows: z.string() })]).parse(counted.rows)[0].rows)
    if (count === 0) return []
    const columns = keyNames.map((name) => `c.${quoteName(name)}::text AS ${quoteName(name)}`).join(', ')
    const sample = await client.query(`SELECT ${columns} ${orphans} ORDER BY 1 LIMIT ${sampleSize + 1}`)
    const keys = z.array(z.record(z.string(), z.string().nullable().transform(String))).parse(sample.rows)
    return [
      createFinding({
        ...place,
        code: 'ORPHANS',
        severity: 'blocks',
        key: keys[0] ?? null,
        count,
        sampleKeys: keys.slice(1, sampleSize + 1),
        params: { count },
        message: `${count} ${count === 1 ? 'row refers' : 'rows refer'} to a row that is not there.`,
        hint: 'Copy the missing rows again, or remove the ones that refer to nothing; then verify again.',
      }),
    ]
  } catch (error) {
    await client.query('ROLLBACK TO SAVEPOINT find_orphans')
    const reason = reportError(toPostgresError(error, table.name)).message
    return [
      createFinding({
        ...place,
        code: 'ORPHANS_UNKNOWN',
        // Columns that are missing, or of types that PostgreSQL does not compare, can be a foreign key to neither engine.
        severity: incomparable.has(sqlStateOf(error) ?? '') ? 'note' : 'blocks',
        params: { reason },
        message: `Whether every row’s reference is there could not be asked: ${reason}`,
        hint: 'See to it that the role may read both tables, then verify again.',
      }),
    ]
  }
}
