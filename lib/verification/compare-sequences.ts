import type pg from 'pg'
import { z } from 'zod'
import type { PostgresColumn, PostgresTable, SqliteTable } from '@/lib/core/catalogue'
import { reportError } from '@/lib/core/errors'
import { createFinding, type Finding } from '@/lib/core/finding'
import { qualifiedName, quoteName, quoteText } from '@/lib/core/quoted-name'
import { toPostgresError } from '@/lib/postgres/connect'

/** Below this share of the ids that a sequence can give, it is said beforehand that they run out. */
const scarceShare = 20n

const columnLimits: Readonly<Record<string, bigint>> = { int2: 32_767n, int4: 2_147_483_647n }

/** Sequences read in one statement: 500 tables one by one were a thousand ways to the server and back. */
const mostTogether = 50

/** A column that a sequence fills. */
interface FilledColumn {
  readonly source: SqliteTable
  readonly target: PostgresTable
  readonly column: PostgresColumn
  /** As SQL names it. */
  readonly sequence: string
  readonly place: Pick<Finding, 'table' | 'column' | 'shape'>
}

/**
 * Looks at each sequence that fills a column: the next value that it gives must be beyond every id that is there, beyond
 * every id that the source ever gave (`sqlite_sequence`), or a deleted row's id would be given out again, and there must be
 * values left. Owned or not: what counts is which sequence the column's default asks.
 */
export async function compareSequences(
  client: pg.Client,
  pairs: readonly { readonly source: SqliteTable; readonly target: PostgresTable }[],
): Promise<readonly Finding[]> {
  const filled = pairs.flatMap(({ source, target }) => target.columns.flatMap((column) => filledColumn(source, target, column) ?? []))
  const findings: Finding[] = []
  for (let at = 0; at < filled.length; at += mostTogether) {
    const group = filled.slice(at, at + mostTogether)
    const together = await attempt(client, group)
    if ('states' in together) findings.push(...group.flatMap((column, place) => judgeColumn(column, together.states[place])))
    else for (const column of group) findings.push(...(await compareAlone(client, column)))
  }
  return findings
}

function filledColumn(source: SqliteTable, target: PostgresTable, column: PostgresColumn): FilledColumn | null {
  const sequence = sequenceOf(column)
  if (!sequence) return null
  const place = { table: target.name, column: column.name, shape: `sequence ${sequence.label}` }
  return { source, target, column, sequence: sequence.sql, place }
}

async function compareAlone(client: pg.Client, column: FilledColumn): Promise<readonly Finding[]> {
  const alone = await attempt(client, [column])
  if ('states' in alone) return judgeColumn(column, alone.states[0])
  const { message } = reportError(toPostgresError(alone.error, column.target.name))
  return [
    createFinding({
      ...column.place,
      code: 'SEQUENCE_UNKNOWN',
      severity: 'note',
      params: { reason: message },
      message: `The sequence could not be read: ${message}`,
      hint: 'Give the role SELECT on the sequence, then verify again.',
    }),
  ]
}

/** A failed statement would end the snapshot's transaction; a savepoint keeps it. */
async function attempt(
  client: pg.Client,
  columns: readonly FilledColumn[],
): Promise<{ readonly states: readonly (SequenceState | undefined)[] } | { readonly error: unknown }> {
  await client.query('SAVEPOINT compare_sequences')
  try {
    const states = await readSequences(client, columns)
    await client.query('RELEASE SAVEPOINT compare_sequences')
    return { states }
  } catch (error) {
    await client.query('ROLLBACK TO SAVEPOINT compare_sequences')
    return { error }
  }
}

function judgeColumn({ source, column, sequence, place }: FilledColumn, state: SequenceState | undefined): readonly Finding[] {
  if (!state) throw new Error('The server did not answer with the state of each sequence.')
  const given = source.rowidColumn === column.name || source.primaryKey.includes(column.name) ? (source.sequence ?? 0n) : 0n
  const last = columnLimits[column.typeName] ?? state.last
  return judge(place, sequence, { ...state, last: state.last < last ? state.last : last }, given)
}

interface SequenceState {
  readonly next: bigint
  readonly increment: bigint
  /** The last value that it can give. */
  readonly last: bigint
  readonly cycles: boolean
  readonly largest: bigint | null
}

function judge(
  place: Pick<Finding, 'table' | 'column' | 'shape'>,
  sequence: string,
  { next, increment, last, cycles, largest }: SequenceState,
  given: bigint,
): readonly Finding[] {
  const setTo = (value: bigint) => `SELECT setval(${quoteText(sequence)}, ${value});`
  const forwards = `ALTER SEQUENCE ${sequence} INCREMENT 1 NO MINVALUE NO MAXVALUE;`
  const params = { next: String(next), largest: String(largest ?? 0n), given: String(given), last: String(last) }
  if (increment < 0n) {
    return [
      createFinding({
        ...place,
        code: 'SEQUENCE_BACKWARDS',
        severity: 'blocks',
        params: { sql: forwards },
        message: 'The sequence counts downwards: it comes upon ids that are taken.',
        hint: `Run: ${forwards}`,
      }),
    ]
  }
  if (largest !== null && next <= largest) {
    const value = largest > given ? largest : given
    return [
      createFinding({
        ...place,
        code: 'SEQUENCE_BEHIND',
        severity: 'blocks',
        params: { ...params, sql: setTo(value) },
        message: `The sequence gives ${next} next, and the table already has ids up to ${largest}: inserts would fail.`,
        hint: `Run: ${setTo(value)}`,
      }),
    ]
  }
  if (next <= given) {
    return [
      createFinding({
        ...place,
        code: 'SEQUENCE_BELOW_SOURCE',
        severity: 'blocks',
        params: { ...params, sql: setTo(given) },
        message: `The sequence gives ${next} next, and the source had already given ids up to ${given}: an id of a deleted row would come back.`,
        hint: `Run: ${setTo(given)}`,
      }),
    ]
  }
  if (next > last && !cycles) {
    return [
      createFinding({
        ...place,
        code: 'SEQUENCE_EXHAUSTED',
        severity: 'blocks',
        params: { ...params, sql: setTo(largest ?? given) },
        message: `The sequence has no value left (the last is ${last}): inserts would fail.`,
        hint: `If ids were only left out, set it back: ${setTo(largest ?? given)} Otherwise make the column and the sequence bigint.`,
      }),
    ]
  }
  if (last - next < last / scarceShare) {
    return [
      createFinding({
        ...place,
        code: 'SEQUENCE_NEARLY_EXHAUSTED',
        severity: 'note',
        params,
        message: `The sequence gives ${next} next and ends at ${last}: ids will run out.`,
        hint: 'Set it back if ids were only left out, or make the column and the sequence bigint.',
      }),
    ]
  }
  return []
}

/** The sequence that the column owns, or else the one that its default asks. */
function sequenceOf({ sequence, defaultSql }: PostgresColumn): { readonly sql: string; readonly label: string } | null {
  if (sequence) return { sql: qualifiedName(sequence.schema, sequence.name), label: sequence.name }
  const asked = /^nextval\('((?:[^']|'')+)'::regclass\)$/.exec(defaultSql ?? '')?.[1]?.replaceAll("''", "'")
  return asked === undefined ? null : { sql: asked, label: asked }
}

async function readSequences(client: pg.Client, columns: readonly FilledColumn[]): Promise<readonly (SequenceState | undefined)[]> {
  const parts = columns.map(
    ({ target, column, sequence }, place) =>
      `SELECT ${place} AS place, (s.last_value + CASE WHEN s.is_called THEN q.seqincrement ELSE 0 END::numeric)::text AS next, q.seqincrement::text AS increment,
              q.seqmax::text AS last, q.seqcycle AS cycles,
              (SELECT max(${quoteName(column.name)})::text FROM ${qualifiedName(target.schema, target.name)}) AS largest
         FROM ${sequence} s, pg_sequence q WHERE q.seqrelid = ${quoteText(sequence)}::regclass`,
  )
  const { rows } = await client.query(parts.join(' UNION ALL '))
  const states = new Map(
    stateSchema
      .array()
      .parse(rows)
      .map((row) => [row.place, row]),
  )
  return columns.map((_, place) => {
    const row = states.get(place)
    const largest = row && row.largest !== null ? BigInt(row.largest) : null
    return row && { next: BigInt(row.next), increment: BigInt(row.increment), last: BigInt(row.last), cycles: row.cycles, largest }
  })
}

const stateSchema = z.object({
  place: z.number(),
  next: z.string(),
  increment: z.string(),
  last: z.string(),
  cycles: z.boolean(),
  largest: z.string().nullable(),
})
