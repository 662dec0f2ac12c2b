import { quoteName } from '@/lib/core/quoted-name'
import type { ColumnMapping, TableMapping } from '@/lib/core/table-mapping'
import type { Cell } from './browsed-rows'

const previewCharacters = 200
const previewBytes = 32

/** Whether what a column holds would let somebody in: hashes, tokens, secrets, keys. */
export function isSensitive(column: string): boolean {
  return /pass(word|wd|phrase)|hash|token|secret|salt|api_?key|private_?key|credential|session_state/i.test(column)
}

/** Of each column of the source its storage class, length, and beginning: three fields. */
export function sourceCellsSql({ columns }: TableMapping): readonly string[] {
  return columns.flatMap(({ name }) => {
    const column = quoteName(name)
    return [
      `typeof(${column})`,
      `octet_length(${column})`,
      `CASE typeof(${column}) WHEN 'text' THEN substr(${column}, 1, ${previewCharacters}) WHEN 'blob' THEN substr(${column}, 1, ${previewBytes}) ELSE ${column} END`,
    ]
  })
}

/** The cells that the fields of `sourceCellsSql` make. */
export function sourceCells({ columns }: TableMapping, fields: readonly unknown[]): Cell[] {
  return columns.map((column, at) => sourceCell(column, fields.slice(at * 3, at * 3 + 3)))
}

function sourceCell(column: ColumnMapping, [storage, length, value]: readonly unknown[]): Cell {
  const lengthBytes = Number(length ?? 0)
  if (storage === 'null') return { form: 'null', text: '', lengthBytes: 0, isCut: false }
  if (isSensitive(column.name)) return { form: 'masked', text: '', lengthBytes, isCut: false }
  if (Buffer.isBuffer(value)) return { form: 'hex', text: value.toString('hex'), lengthBytes, isCut: lengthBytes > previewBytes }
  const text = String(value)
  return {
    form: 'text',
    text,
    lengthBytes,
    isCut: storage === 'text' && text.length >= previewCharacters && Buffer.byteLength(text) < lengthBytes,
  }
}

/** Of each column of the target, in the table that goes by `t`, its length and beginning: two fields. */
export function targetCellsSql({ columns }: TableMapping): readonly string[] {
  return columns.flatMap(({ name, value }) => {
    const column = `t.${quoteName(name)}`
    return value.kind === 'bytes'
      ? [`octet_length(${column})`, `encode(substring(${column} FROM 1 FOR ${previewBytes}), 'hex')`]
      : [`octet_length(${column}::text)`, `left(${column}::text, ${previewCharacters})`]
  })
}

/** The cells that the fields of `targetCellsSql` make. */
export function targetCells({ columns }: TableMapping, fields: readonly (string | number | null)[]): Cell[] {
  return columns.map((column, at) => {
    const [length, shown] = [fields[at * 2] ?? null, fields[at * 2 + 1] ?? null]
    const lengthBytes = Number(length ?? 0)
    if (shown === null) return { form: 'null', text: '', lengthBytes: 0, isCut: false }
    if (isSensitive(column.name)) return { form: 'masked', text: '', lengthBytes, isCut: false }
    const text = String(shown)
    if (column.value.kind === 'bytes') return { form: 'hex', text, lengthBytes, isCut: lengthBytes > previewBytes }
    return { form: 'text', text, lengthBytes, isCut: Buffer.byteLength(text) < lengthBytes }
  })
}
