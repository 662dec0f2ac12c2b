/**
 * Tables that the product itself keeps inside an SQLite file: the fence's mark, the change log of a live migration, and the
 * record of repairs in a copy. Exact names, so that a table of the user's that only begins like them is a table like any other.
 */
const ownTables = new Set([
  '_bascule_fence',
  '_bascule_capture',
  '_bascule_captured_table',
  '_bascule_change',
  '_bascule_repair',
  '_bascule_repaired_row',
])

/** Whether a table, on either side, is one of ours. */
export function isOwnTable(name: string): boolean {
  return ownTables.has(name)
}

/** Whether a table of an SQLite file belongs to SQLite or to us. */
export function isReservedTable(name: string): boolean {
  return /^sqlite_/i.test(name) || isOwnTable(name)
}

/** Whether a trigger is one of the fence's guards, or one of those that fill the change log. */
export function isReservedTrigger(name: string): boolean {
  return /^_bascule_(fence_\d+_(insert|update|delete)|log_\d+_(insert|update|delete|replace|displace))$/.test(name)
}
