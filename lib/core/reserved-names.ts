/**
 * Tables that the product itself keeps inside an SQLite file: the fence's mark, and the record of repairs in a copy. Exact
 * names, so that a table of the user's that only begins like them is a table like any other.
 */
const ownTables = new Set(['_bascule_fence', '_bascule_repair', '_bascule_repaired_row'])

/** Whether a table, on either side, is one of ours. */
export function isOwnTable(name: string): boolean {
  return ownTables.has(name)
}

/** Whether a table of an SQLite file belongs to SQLite or to us. */
export function isReservedTable(name: string): boolean {
  return /^sqlite_/i.test(name) || isOwnTable(name)
}

/** Whether a trigger is one of the fence's guards. */
export function isReservedTrigger(name: string): boolean {
  return /^_bascule_fence_\d+_(insert|update|delete)$/.test(name)
}
