import type { Database } from 'better-sqlite3'
import { createFinding, type Finding } from '@/lib/core/finding'
import type { TableMapping } from '@/lib/core/table-mapping'
import type { CarriedColumn, CarriedEvidence } from './carried-evidence'
import type { Tally } from './classify-suspects'
import { type RowRange, rowKeyOf } from './row-range'
import { evenCuts, rowidEnds } from './rowid-cuts'
import { textOfCode } from './value-codes'

/** What checkSlices has seen of some rows of a table. */
export interface CheckedPart {
  readonly tallies: readonly Tally[]
  /** Keys that become equal; of the whole table, in the part that was asked for them. */
  readonly duplicates: readonly Finding[]
  readonly evidence: CarriedEvidence | null
}

/** What the check has seen of a table. */
export interface CheckedValues {
  readonly findings: readonly Finding[]
  /** For a copy of these very values; null where it could not be had. */
  readonly evidence: CarriedEvidence | null
}

/** A part is worth a thread of its own from about so many rows. */
const defaultPartRows = 100_000
/** More parts make no table quicker. */
const mostParts = 16

/**
 * The stretches of rowids in which a table is looked at, by several threads at once: one of all rows for a small table, and where rows
 * have no number. Equal in length; where rowids have gaps some have fewer rows.
 *
 * @param partRows rowids of a part, at least. Default: 100,000
 */
export function checkRanges(db: Database, mapping: TableMapping, partRows = defaultPartRows): readonly RowRange[] {
  const ends = rowidEnds(db, mapping, rowKeyOf(mapping))
  const wanted = ends === null ? 1n : (ends.last - ends.first) / BigInt(partRows)
  if (ends === null || wanted <= 1n) return [{}]
  const cuts = evenCuts(ends, wanted > mostParts ? mostParts : Number(wanted))
  return [...cuts, null].map((cut, index) => {
    const after = cuts[index - 1]
    return { ...(after === undefined ? {} : { after: [after] }), ...(cut === null ? {} : { upTo: [cut] }) }
  })
}

/** Puts together what was seen of the parts of a table, in the order of their rows: as if it had been looked at in one. */
export function joinParts(mapping: TableMapping, parts: readonly CheckedPart[]): CheckedValues {
  const tallies = new Map<string, Tally>()
  for (const tally of parts.flatMap((part) => part.tallies)) {
    const name = `${tally.column}\0${tally.code}`
    const before = tallies.get(name)
    const joined = before && { ...before, count: before.count + tally.count, keys: [...before.keys, ...tally.keys].slice(0, 10) }
    tallies.set(name, joined ?? tally)
  }
  const findings = [...tallies.values()].map((tally) => findingOf(mapping, tally))
  return { findings: [...findings, ...parts.flatMap((part) => part.duplicates)], evidence: joinEvidence(parts) }
}

/** A column is vouched for where every part vouches for it; what is special in one part is special in the table. */
function joinEvidence(parts: readonly CheckedPart[]): CarriedEvidence | null {
  const all = parts.flatMap(({ evidence }) => (evidence === null ? [] : [evidence]))
  const [first, ...others] = all
  if (first === undefined || all.length < parts.length) return null
  const columns = first.columns.flatMap((column): CarriedColumn[] => {
    const same = others.map((part) => part.columns.find(({ name, spec }) => name === column.name && spec === column.spec))
    if (same.includes(undefined)) return []
    return [{ ...column, specials: [...new Set([column, ...same].map((one) => one?.specials ?? '').join(''))].join('') }]
  })
  return { rows: all.reduce((sum, { rows }) => sum + rows, 0), columns }
}

function findingOf(mapping: TableMapping, tally: Tally): Finding {
  const text = textOfCode(tally.code)
  const place = tally.column === null ? mapping.table : `${mapping.table}.${tally.column}`
  const what = tally.column === null ? 'row' : 'value'
  const values = tally.count === 1 ? `1 ${what}` : `${tally.count} ${what}s`
  return createFinding({
    code: tally.code,
    severity: text.severity,
    table: mapping.table,
    column: tally.column,
    key: tally.keys[0] ?? null,
    sampleKeys: tally.keys,
    shape: tally.shape,
    count: tally.count,
    params: { unit: what },
    message: `In ${place}, ${values}: they ${text.says}.`,
    hint: text.hint,
  })
}
