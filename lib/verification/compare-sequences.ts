import type pg from 'pg'
import { z } from 'zod'
import type { PostgresTable, SqliteTable } from '@/lib/core/catalogue'
import { reportError } from '@/lib/core/errors'
import { createFinding, type Finding } from '@/lib/core/finding'
import { qualifiedName, quoteName, quoteText } from '@/lib/core/quoted-name'
import { toPostgresError } from '@/lib/postgres/connect'

/**
 * Looks at each sequence of a table: the next value that it gives must be beyond every id that is there, and beyond
 * every id that the source ever gave (`sqlite_sequence`), or a deleted row's id would be given out again.
 */
export async function compareSequences(client: pg.Client, source: SqliteTable, target: PostgresTable): Promise<readonly Finding[]> {
  const findings: Finding[] = []
  for (const column of target.columns) {
    if (!column.sequence) continue
    const place = { table: target.name, column: column.name, shape: `sequence ${column.sequence.name}` }
    await client.query('SAVEPOINT compare_sequence')
    try {
      const { next, largest } = await readSequence(client, target, column.name, column.sequence)
      const given = source.rowidColumn === column.name || source.primaryKey.includes(column.name) ? (source.sequence ?? 0n) : 0n
      if (largest !== null && next <= largest) {
        findings.push(
          createFinding({
            ...place,
            code: 'SEQUENCE_BEHIND',
            severity: 'blocks',
            message: `The sequence gives ${next} next, and the table already has ids up to ${largest}: inserts would fail.`,
            hint: `Run: SELECT setval('${qualifiedName(column.sequence.schema, column.sequence.name)}', ${largest > given ? largest : given});`,
          }),
        )
      } else if (next <= given) {
        findings.push(
          createFinding({
            ...place,
            code: 'SEQUENCE_BELOW_SOURCE',
            severity: 'note',
            message: `The sequence gives ${next} next, and the source had already given ids up to ${given}: an id of a deleted row would come back.`,
            hint: `Run: SELECT setval('${qualifiedName(column.sequence.schema, column.sequence.name)}', ${given});`,
          }),
        )
      }
    } catch (error) {
      await client.query('ROLLBACK TO SAVEPOINT compare_sequence')
      findings.push(
        createFinding({
          ...place,
          code: 'SEQUENCE_UNKNOWN',
          severity: 'note',
          message: `The sequence could not be read: ${reportError(toPostgresError(error, target.name)).message}`,
          hint: 'Give the role SELECT on the sequence, then verify again.',
        }),
      )
    }
  }
  return findings
}

async function readSequence(
  client: pg.Client,
  table: PostgresTable,
  column: string,
  sequence: { readonly schema: string; readonly name: string },
) {
  const name = qualifiedName(sequence.schema, sequence.name)
  const { rows } = await client.query(
    `SELECT (s.last_value + CASE WHEN s.is_called THEN q.seqincrement ELSE 0 END)::text AS next,
            (SELECT max(${quoteName(column)})::text FROM ${qualifiedName(table.schema, table.name)}) AS largest
       FROM ${name} s, pg_sequence q WHERE q.seqrelid = ${quoteText(name)}::regclass`,
  )
  const row = z.tuple([z.object({ next: z.string(), largest: z.string().nullable() })]).parse(rows)[0]
  return { next: BigInt(row.next), largest: row.largest === null ? null : BigInt(row.largest) }
}
