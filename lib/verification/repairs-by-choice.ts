import type { TableMapping } from '@/lib/core/table-mapping'
import type { Queryable } from '@/lib/postgres/catalogue'
import { type RepairedCell, type RepairedRow, readRepairCounts, readRepairs } from '@/lib/postgres/repair-list'
import type { Explain } from './comparison'
import { digestOfKey } from './repair-digests'
import { keyParts } from './row-order'

/** What an administrator chose to repair when the copy was made, as the target itself has it beside the copy's mark. */
export interface RepairsByChoice {
  /** Rows of each table that were left out; tables without any are not in it. */
  readonly leftOut: ReadonlyMap<string, number>
  /** Says "repaired by choice" for differences of one table that are what a repair made; null for a table without any. */
  explainer(mapping: TableMapping): Promise<Explain | null>
}

/** None where nothing was repaired. The list is held for one table at a time. */
export async function readRepairsByChoice(client: Queryable): Promise<RepairsByChoice> {
  const counts = await readRepairCounts(client)
  return {
    leftOut: new Map([...counts].flatMap(([table, { deleted }]) => (deleted === 0 ? [] : [[table, deleted] as const]))),
    explainer: async (mapping) => {
      if (!counts.has(mapping.table)) return null
      const { cells, rows } = await readRepairs(client, mapping.table)
      return keyParts(mapping) ? explainByKey(cells) : explainByRow(rows)
    },
  }
}

/** A deleted row must be gone, a repaired value must be what the repair made of it: anything else is a fault. */
function explainByKey(cells: readonly RepairedCell[]): Explain {
  const removed = new Set<string>()
  const values = new Map<string, Buffer | null>()
  for (const { action, key, column, value } of cells) {
    if (key === null) continue
    const name = key.toString('latin1')
    if (action === 'deleted') removed.add(name)
    // A value may have been repaired twice; the list is in order.
    else values.set(`${name}${column}`, value)
  }
  return ({ key, column, kind }, onTarget) => {
    const name = digestOfKey(Object.values(key)).toString('latin1')
    if (kind === 'missing-in-target') return removed.has(name) ? 'repaired-by-choice' : null
    const expected = kind === 'value-differs' ? values.get(`${name}${column}`) : undefined
    if (expected === undefined) return null
    const found = onTarget()
    const isAsRepaired = expected === null || found === null ? expected === found : expected.equals(found)
    return isAsRepaired ? 'repaired-by-choice' : null
  }
}

/** Rows without a key are known by all that they hold: as it was on the source, as the repair made it on the target. */
function explainByRow(rows: readonly RepairedRow[]): Explain {
  const before = countDigests(rows.map((row) => row.before))
  const after = countDigests(rows.flatMap((row) => row.after ?? []))
  return ({ kind }, digestOfRow) => {
    const counts = kind === 'missing-in-target' ? before : after
    const name = digestOfRow()?.toString('latin1') ?? ''
    const left = counts.get(name) ?? 0
    if (left === 0) return null
    counts.set(name, left - 1)
    return 'repaired-by-choice'
  }
}

function countDigests(digests: readonly Buffer[]): Map<string, number> {
  const counts = new Map<string, number>()
  for (const digest of digests) counts.set(digest.toString('latin1'), (counts.get(digest.toString('latin1')) ?? 0) + 1)
  return counts
}
