import type pg from 'pg'
import { z } from 'zod'
import { qualifiedName, quoteText } from '@/lib/core/quoted-name'
import type { TableMapping } from '@/lib/core/table-mapping'
import { bookkeepingSchema } from '@/lib/postgres/copy-mark'
import { canonicalTarget } from './canonical-value'
import { advanceRow, type Explain } from './comparison'
import { copyOut } from './copy-out'
import { printKeyValue } from './print-key'
import { type KeyPart, keyParts } from './row-order'
import { fieldSql } from './target-row-sql'
import { TargetRows } from './target-rows'

const log = `${bookkeepingSchema}.change_log`

/**
 * What the app wrote on PostgreSQL since the switch, as the change log in the same snapshot has it. A difference in such a
 * row is no fault of the copy.
 */
export interface ChangesSinceSwitch {
  /** Tables with such rows. */
  readonly tables: ReadonlySet<string>
  /** Says "since the switch" for the differences of one table that its logged keys explain; null for a table without any. */
  explainer(mapping: TableMapping): Promise<Explain | null>
}

/** None where there was no switch. The log is only asked table by table: its keys are held for one table at a time. */
export async function readChangesSinceSwitch(client: pg.Client): Promise<ChangesSinceSwitch> {
  const { rows: found } = await client.query<{ found: boolean }>(
    `SELECT to_regclass('${log}') IS NOT NULL AND has_table_privilege(to_regclass('${log}'), 'SELECT') AS found`,
  )
  const logged = found[0]?.found ? (await client.query(`SELECT DISTINCT table_name AS name FROM ${log}`)).rows : []
  const tables = new Set(
    z
      .array(z.object({ name: z.string() }))
      .parse(logged)
      .map(({ name }) => name),
  )
  return {
    tables,
    explainer: async (mapping) => {
      if (!tables.has(mapping.table)) return null
      const key = keyParts(mapping)
      return key ? explainByKey(await readKeys(client, mapping, key)) : explainByNumber(await countWrites(client, mapping.table))
    },
  }
}

function explainByKey(keys: ReadonlySet<string>): Explain {
  return ({ key }) => (keys.has(JSON.stringify(Object.values(key))) ? 'since-switch' : null)
}

/** Rows without a key cannot be told apart: as many differences as the writes can have made are theirs. */
function explainByNumber(writes: number): Explain {
  let left = writes
  return () => {
    left -= 1
    return left >= 0 ? 'since-switch' : null
  }
}

/**
 * The logged keys of a table, printed as the comparison prints them: turned back into the columns' own types by the server
 * and read by the same reader.
 */
async function readKeys(client: pg.Client, mapping: TableMapping, key: readonly KeyPart[]): Promise<ReadonlySet<string>> {
  const columns = key.flatMap((part) => mapping.columns[part.column] ?? [])
  const sql = `COPY (SELECT ${columns.map(fieldSql).join(', ')}
    FROM (SELECT DISTINCT key AS bascule_key FROM ${log} WHERE table_name = ${quoteText(mapping.table)} AND key IS NOT NULL) k
    CROSS JOIN LATERAL jsonb_populate_record(NULL::${qualifiedName(mapping.targetSchema, mapping.table)}, k.bascule_key) r) TO STDOUT (FORMAT binary)`
  const rows = new TargetRows(copyOut(client, sql), columns.length)
  const keys = new Set<string>()
  while (await advanceRow(rows)) {
    keys.add(JSON.stringify(key.map((part, at) => printKeyValue(canonicalTarget(rows.row, at, part.value), part))))
  }
  await rows.drain()
  return keys
}

/** An insert or a delete makes one difference, an update two: the row as it was and as it is. */
async function countWrites(client: pg.Client, table: string): Promise<number> {
  const { rows } = await client.query(`SELECT sum(CASE op WHEN 'U' THEN 2 ELSE 1 END)::text AS writes FROM ${log} WHERE table_name = $1`, [
    table,
  ])
  return Number(z.tuple([z.object({ writes: z.string().nullable() })]).parse(rows)[0].writes ?? 0)
}
