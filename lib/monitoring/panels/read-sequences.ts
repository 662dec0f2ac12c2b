import type pg from 'pg'
import { z } from 'zod'
import type { Sequence } from '@/lib/monitoring/health-report'

const rows = z.array(
  z.object({
    sequence: z.string(),
    table: z.string().nullable(),
    column: z.string().nullable(),
    columnType: z.string().nullable(),
    lastValue: z.string().nullable(),
    isReadable: z.boolean(),
    increment: z.string(),
    start: z.string(),
    min: z.string(),
    max: z.string(),
    cycles: z.boolean(),
  }),
)

const sequencesSql = `
SELECT s.relname AS sequence, c.relname::text AS "table", a.attname::text AS "column", format_type(a.atttypid, NULL) AS "columnType",
  CASE WHEN has_sequence_privilege(s.oid, 'USAGE, SELECT') THEN pg_sequence_last_value(s.oid)::text END AS "lastValue",
  has_sequence_privilege(s.oid, 'USAGE, SELECT') AS "isReadable",
  q.seqincrement::text AS increment, q.seqstart::text AS start, q.seqmin::text AS min, q.seqmax::text AS max, q.seqcycle AS cycles
FROM pg_class s JOIN pg_namespace n ON n.oid = s.relnamespace JOIN pg_sequence q ON q.seqrelid = s.oid
LEFT JOIN pg_depend d ON d.objid = s.oid AND d.classid = 'pg_class'::regclass AND d.refclassid = 'pg_class'::regclass AND d.deptype IN ('a', 'i')
LEFT JOIN pg_class c ON c.oid = d.refobjid LEFT JOIN pg_attribute a ON a.attrelid = d.refobjid AND a.attnum = d.refobjsubid
WHERE n.nspname = $1 AND s.relkind = 'S' ORDER BY 1`

/** Largest value of each type that a sequence's column may have. */
const columnLimits: Readonly<Record<string, bigint>> = { smallint: 32_767n, integer: 2_147_483_647n, bigint: 9_223_372_036_854_775_807n }

/** Every sequence of the schema with how much of its range is used, the fullest first. A column may end before its sequence does. */
export async function readSequences(client: pg.Client, schema: string): Promise<Sequence[]> {
  const found = rows.parse((await client.query(sequencesSql, [schema])).rows)
  return found.map(toSequence).sort((left, right) => (right.usedShare ?? -1) - (left.usedShare ?? -1))
}

function toSequence(row: z.infer<typeof rows>[number]): Sequence {
  const rises = BigInt(row.increment) > 0n
  const ends = BigInt(rises ? row.max : row.min)
  const column = row.columnType === null ? undefined : columnLimits[row.columnType]
  const columnEnds = column === undefined ? undefined : rises ? column : -column - 1n
  const isColumn = columnEnds !== undefined && (rises ? columnEnds < ends : columnEnds > ends)
  const limit = isColumn ? columnEnds : ends
  const start = BigInt(rises ? row.min : row.max)
  const used = row.lastValue === null ? null : Number(((BigInt(row.lastValue) - start) * 1_000_000n) / (limit - start || 1n)) / 1_000_000
  const { sequence, table, columnType, lastValue, isReadable, cycles } = row
  return {
    ...{ sequence, table, column: row.column, columnType, lastValue, isReadable, cycles },
    limit: limit.toString(),
    limitedBy: isColumn ? 'column' : 'sequence',
    usedShare: used === null ? (isReadable ? 0 : null) : Math.abs(used),
  }
}
