import { isUtf8 } from 'node:buffer'
import type { ColumnMapping } from '@/lib/core/table-mapping'
import { textOfRow } from './clean-predicate'
import { hasSpecial, specialsIn } from './special-characters'
import { columnReference } from './sql-text'

/**
 * The texts of a slice, joined so that they can be tested at once for NUL and invalid UTF-8, and searched for the characters that
 * COPY escapes. A search costs next to nothing where it finds nothing; columns in which something was found are joined
 * apart from then on, so that the others can be searched for more.
 */
export interface SliceText {
  /** Aggregates over the slice, for the next call of `take`; none where the table has no text. */
  readonly aggregates: readonly string[]
  /**
   * Takes their answers. `ask` answers aggregates over the same slice: 1 for a column in which something was found.
   * `isClean` is whether all texts are valid UTF-8 without NUL, `bytes` how much they are.
   */
  take(
    answers: readonly unknown[],
    ask: (aggregates: readonly string[]) => readonly unknown[],
  ): { readonly isClean: boolean; readonly bytes: number }
  /** The special characters that the texts of a column had so far, or some more. */
  specialsOf(column: ColumnMapping): string
}

/** For the columns of a table; `mayBeLong` leaves out long texts, which are then not known here. */
export function createSliceText(columns: readonly ColumnMapping[], mayBeLong: boolean): SliceText {
  let without = columns.filter(({ value }) => value.kind === 'text' || value.kind === 'json')
  let having: readonly ColumnMapping[] = []
  /** Of all columns in `having` together. */
  let specials = ''
  const groups = () => [without, having].filter((group) => group.length > 0)
  return {
    get aggregates() {
      return groups().map((group) => `CAST(group_concat(${expressionOf(group, mayBeLong)},' ') AS BLOB)`)
    },
    take(answers, ask) {
      const joined = groups().map((group, index) => ({ group, bytes: Buffer.isBuffer(answers[index]) ? answers[index] : Buffer.alloc(0) }))
      for (const { group, bytes } of joined) {
        const found = specialsIn(bytes)
        if (found !== '' && group === without) {
          const isIn = ask(without.map(({ name }) => `max(${hasSpecial(columnReference(name))})`))
          const named = without.filter((_, index) => isIn[index] === 1)
          // When none can be named, what was found is not understood: all of them, then.
          const moved = named.length > 0 ? named : without
          without = without.filter((column) => !moved.includes(column))
          having = [...having, ...moved]
        }
        specials = [...new Set([...specials, ...found])].join('')
      }
      return {
        isClean: joined.every(({ bytes }) => isUtf8(bytes) && !bytes.includes(0)),
        bytes: joined.reduce((sum, { bytes }) => sum + bytes.length, 0),
      }
    },
    specialsOf: (column) => (having.includes(column) ? specials : ''),
  }
}

/** One column alone needs no joining within the row: NULLs are passed over at once. */
function expressionOf(group: readonly ColumnMapping[], mayBeLong: boolean): string {
  const [only, ...others] = group
  const isOne = only !== undefined && others.length === 0 && !mayBeLong
  return (isOne ? columnReference(only.name) : textOfRow(group, mayBeLong)) ?? "''"
}
