import { hasTextAffinity, isReal } from '@/lib/core/affinity'
import type { ColumnMapping } from '@/lib/core/table-mapping'
import { floatText } from './float-text'
import { areIsoInstants, instantBytes } from './iso-instants'
import { columnReference } from './sql-text'

/**
 * A column written into a COPY line just as SQLite joins it, with no look at the single value. That is right only when
 * the evidence, taken over the whole page in the same statement, says so; otherwise the page is read again with
 * `copyExpression` for this column. A value costs 0.1 µs this way and 0.3 to 0.6 µs there, where typeof() is asked and
 * escapes are searched value by value.
 */
export interface PlainField {
  readonly expression: string
  /** Aggregates over `source`, one answer each, in the order in which `isPlain` takes them. */
  readonly evidence: (source: string) => readonly string[]
  readonly isPlain: (answers: readonly unknown[]) => boolean
  /** Whether a value could hold a backslash, tab or line break: then the page itself is searched for them. */
  readonly isText: boolean
}

/** Wider tables are read value by value: SQLite takes at most 2,000 aggregates in a statement. */
export const mostPlainColumns = 300

/** null where the values need their converter. `mayBeLong` says that rows of the table may be too large to be read twice. */
export function plainField(column: ColumnMapping, isRowid: boolean, mayBeLong: boolean): PlainField | null {
  const reference = columnReference(column.name)
  const expression = `ifnull(${reference},'\\N')`
  const number = { expression, isText: false }
  const text = { expression, isText: true }
  const { value } = column
  switch (value.kind) {
    case 'integer':
      if (isRowid) return { expression: reference, evidence: () => [], isPlain: () => true, isText: false }
      return {
        ...number,
        evidence: isInteger,
        isPlain: (classes) => classes.every(isOneOf('integer')),
      }
    case 'boolean':
      // PostgreSQL reads 1 and 0 as true and false.
      return {
        ...number,
        evidence: (source) => [...isInteger(source), `min(${source})>=0 AND max(${source})<=1`],
        isPlain: ([last, sum, inRange]) => [last, sum].every(isOneOf('integer')) && Number(inRange ?? 1) === 1,
      }
    case 'text':
      // A BLOB is text too, but GLOB finds no special character in it.
      return mayBeLong
        ? { ...text, ...onlyTextsByName }
        : hasTextAffinity(column.sourceType)
          ? { ...text, evidence: (source) => [`typeof(max(${source}))`], isPlain: ([last]) => isOneOf('text')(last) }
          : { ...text, ...onlyTexts }
    case 'json':
    case 'enum':
      return value.kind === 'enum' && value.labels.some((label) => /[\\\t\n\r\0]/.test(label))
        ? null
        : {
            ...text,
            ...(mayBeLong ? onlyTextsByName : onlyTexts),
          }
    case 'timestamp':
      return value.precision < 3
        ? null
        : {
            ...number,
            evidence: (source) => [`typeof(max(${source}))`, `count(${source})`, instantsOf(source)],
            isPlain: ([last, count, joined]) =>
              isOneOf('text')(last) && (joined === null || joined instanceof Uint8Array) && areIsoInstants(joined, Number(count)),
          }
    case 'float':
      // In a column of REAL affinity every number is a double.
      return value.bits === 64 && isReal(column.sourceType)
        ? {
            expression: floatText(reference),
            evidence: (source) => [`typeof(max(${source}))`],
            isPlain: ([last]) => isOneOf('real')(last),
            isText: false,
          }
        : null
    case 'decimal':
    case 'bytes':
    case 'date':
    case 'time':
    case 'uuid':
      return null
  }
}

/** The same without reading the values, which max() would do, and keep a copy: of 300 MB each, where rows may be so large. */
const onlyTextsByName: Pick<PlainField, 'evidence' | 'isPlain'> = {
  evidence: (source) => [`sum(typeof(${source}) NOT IN ('text','null'))`],
  isPlain: ([others]) => Number(others ?? 0) === 0,
}

/** What is longer than an instant is left out, so that no value makes this large; the count then says so. */
function instantsOf(source: string): string {
  return `CAST(group_concat(CASE WHEN octet_length(${source})=${instantBytes} THEN ${source} END,'') AS BLOB)`
}

/** Texts order after all numbers; a remainder is REAL as soon as one operand is, and the sum of these cannot overflow. */
function isInteger(source: string): readonly string[] {
  return [`typeof(max(${source}))`, `typeof(sum(${source}%1048576))`]
}

/** Numbers order before all texts, BLOBs after them. */
const onlyTexts: Pick<PlainField, 'evidence' | 'isPlain'> = {
  evidence: (source) => [`typeof(min(${source}))`, `typeof(max(${source}))`],
  isPlain: (classes) => classes.every(isOneOf('text')),
}

/** The class of an aggregate; `null` is that of no value at all. */
export function isOneOf(...classes: readonly string[]): (answer: unknown) => boolean {
  return (answer) => answer === 'null' || classes.includes(String(answer))
}
