import { randomBytes } from 'node:crypto'
import { quoteText, type SafeSql } from '@/lib/core/quoted-name'
import type { ColumnMapping, TableMapping } from '@/lib/core/table-mapping'

/** Rows with more bytes are read by themselves, others together. */
export const togetherBytes = 4 * 1024 * 1024

/**
 * Bytes of a text (in UTF-8) or BLOB that is compared by its digest. A value of UTF-16 has up to half as much again in UTF-8, so
 * one of these always stands in a row that is read by itself: both sides decide alike.
 */
export const longValueBytes = 2 * togetherBytes

/**
 * Long values of a table are replaced on both sides by this mark and their SHA-256: of 100 MB neither the server nor the thread
 * that reads the source sends more than that, where the comparison would hold the value of both sides at once.
 */
export interface LongValues {
  /** New for each comparison: no value that was stored before can look like a digest. */
  readonly mark: string
  readonly columns: readonly string[]
  /** JSON: a digest of its meaning, made by who reads it of either side (long-json.ts). */
  readonly jsonColumns: readonly string[]
}

export function chooseLongValues(mapping: TableMapping): LongValues | null {
  const columns = mapping.columns.filter(isDigestible).map(({ name }) => name)
  // Where JSON is part of the key, rows are ordered by it.
  const json = mapping.columns.filter(({ name, value }) => value.kind === 'json' && !mapping.primaryKey.includes(name))
  if (columns.length + json.length === 0) return null
  return { mark: `sha256 ${randomBytes(16).toString('hex')} `, columns, jsonColumns: json.map(({ name }) => name) }
}

/** Texts and bytes are equal when their bytes are; JSON is equal by its meaning. */
function isDigestible({ value }: ColumnMapping): boolean {
  return value.kind === 'bytes' || (value.kind === 'text' && !value.padded)
}

/** On the target: the column, or its digest where it is long. The length of a value is known without reading it. */
export function digestedFieldSql(column: SafeSql, kind: 'text' | 'bytes', mark: string): SafeSql {
  const digest = `${quoteText(mark)} || encode(sha256(${kind === 'text' ? `convert_to(${column}, 'UTF8')` : column}), 'hex')`
  const long = kind === 'text' ? digest : `convert_to(${digest}, 'UTF8')`
  // Made of quoted names and texts alone.
  return `CASE WHEN octet_length(${column}) > ${longValueBytes} THEN ${long} ELSE ${column} END` as SafeSql
}

/**
 * What stands for a long JSON value in a row: its mark and digest as a JSON string, so that whoever reads JSON reads it. For a
 * text that is no JSON it is none either, and equals nothing.
 */
export function standInOf(mark: string, digest: string | null): Buffer {
  return Buffer.from(digest === null ? mark : `"${mark}${digest}"`)
}
