import type pg from 'pg'
import { throwIfAborted } from '@/lib/core/abort'
import { reportError } from '@/lib/core/errors'
import type { TableMapping } from '@/lib/core/table-mapping'
import { toPostgresError } from '@/lib/postgres/connect'
import { compareKeyedRows } from './compare-keyed-rows'
import { compareUnkeyedRows } from './compare-unkeyed-rows'
import type { ComparedRows, Explain, NameBudget, RowComparison } from './comparison'
import { copyOut } from './copy-out'
import type { LongJsonFields } from './large-target-rows'
import { plainReading, readingWithStandIns } from './long-json'
import { chooseLongValues, type LongValues } from './long-values'
import { type KeyPart, keyParts } from './row-order'
import type { ReadRequest } from './source-protocol'
import type { SourceReader } from './source-reader'
import { SourceRows } from './source-rows'
import type { TableCause } from './table-cause'
import { targetCopySql } from './target-row-sql'
import { TargetRows } from './target-rows'

export interface ContentOptions {
  readonly mapping: TableMapping
  readonly reader: SourceReader
  /** In its snapshot's transaction. */
  readonly client: pg.Client
  readonly advance: (rows: number, bytes: number) => void
  readonly signal: AbortSignal
  readonly explain: Explain | null
  /** Whether explanations look at what the target holds, which a digest of it does not tell. */
  readonly explainsByValue: boolean
  readonly budget: NameBudget
}

export type ContentOutcome =
  | { readonly status: 'compared'; readonly comparison: RowComparison }
  | { readonly status: 'unknown'; readonly cause: TableCause }

/**
 * Compares every row and column of one table. Both connections are fit for the next table afterwards, also when this
 * one could not be compared.
 *
 * @throws AppError CANCELLED; every other failure is `unknown` with its reason
 */
export async function compareContent(options: ContentOptions): Promise<ContentOutcome> {
  const { mapping, client, signal } = options
  if (mapping.columns.length === 0) return { status: 'unknown', cause: { code: 'no-common-columns', params: {} } }
  await client.query('SAVEPOINT compare_content')
  let current: ComparedRows | undefined
  try {
    const key = keyParts(mapping)
    const compare = async (long: LongValues | null) => {
      let hasDoubledKeys = false
      const close = async () => {
        await current?.target.drain()
        if (current?.target.hasDoubledKeys) hasDoubledKeys = true
      }
      const open = async () => {
        await close()
        current = openBoth(options, key, long)
        return current
      }
      const comparison = key ? await compareKeyedRows(await open(), key) : await compareUnkeyedRows(open, mapping)
      await close()
      return { comparison, hasDoubledKeys }
    }
    const long = await longValuesOf(options, key)
    let { comparison, hasDoubledKeys } = await compare(long)
    // A `json` column keeps doubled keys, of which the last counts: such a value is compared whole.
    if (long && hasDoubledKeys) ({ comparison, hasDoubledKeys } = await compare({ ...long, jsonColumns: [] }))
    await client.query('RELEASE SAVEPOINT compare_content')
    return { status: 'compared', comparison }
  } catch (error) {
    throwIfAborted(signal)
    // What the server still has to send must be taken, or the next statement would wait behind it.
    await current?.target.drain().catch(() => undefined)
    await client.query('ROLLBACK TO SAVEPOINT compare_content')
    const { message } = reportError(toPostgresError(error, mapping.table))
    return { status: 'unknown', cause: { code: 'not-compared', params: { message } } }
  }
}

/** Whether a difference was repaired by choice is told by the whole value. */
async function longValuesOf(
  { mapping, reader, explainsByValue }: ContentOptions,
  key: readonly KeyPart[] | null,
): Promise<LongValues | null> {
  const long = explainsByValue ? null : chooseLongValues(mapping)
  return long !== null && (await reader.holdsLong(readRequest(mapping, key))) ? long : null
}

function openBoth(
  { mapping, reader, client, advance, signal, explain, budget }: ContentOptions,
  key: readonly KeyPart[] | null,
  long: LongValues | null,
): ComparedRows {
  const places = key ? 0 : 1
  const order = key?.map(({ targetOrder }) => targetOrder) ?? []
  const copy = copyOut(client, targetCopySql(mapping, order, key === null, long))
  return {
    mapping,
    source: new SourceRows(reader.read({ ...readRequest(mapping, key), long }), mapping.columns.length + places),
    target: new TargetRows(copy, mapping.columns.length + places, long && longJsonFields(mapping, long)),
    reading: long && long.jsonColumns.length > 0 ? readingWithStandIns(long.mark) : plainReading,
    advance,
    signal,
    explain,
    budget,
  }
}

function longJsonFields({ columns }: TableMapping, { mark, jsonColumns }: LongValues): LongJsonFields | null {
  if (jsonColumns.length === 0) return null
  const kindOf = (value: TableMapping['columns'][number]['value']) => (value.kind === 'json' && value.binary ? 'jsonb' : 'json')
  return { mark, fields: columns.map(({ name, value }) => (jsonColumns.includes(name) ? kindOf(value) : null)) }
}

function readRequest(mapping: TableMapping, key: readonly KeyPart[] | null): ReadRequest {
  return {
    table: mapping.table,
    columns: mapping.columns.map(({ name, sourceType }) => ({ name, declaredType: sourceType })),
    withoutRowid: mapping.withoutRowid,
    key: (key ?? []).map(({ name, directClass, value }) => ({ name, directClass, value, isRowid: mapping.rowidColumn === name })),
  }
}
