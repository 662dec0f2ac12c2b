import { createHash } from 'node:crypto'
import { closeSync, openSync, renameSync, writeSync } from 'node:fs'
import { join } from 'node:path'
import type { RepairList } from '@/lib/core/repair-choice'
import type { SqliteDatabase } from '@/lib/sqlite/open-database'

/** Where the list of a job's repairs stands, beside its safety copy. */
export function repairListPath(folder: string, jobId: string): string {
  return join(folder, `repairs-${jobId.replace(/[^\w-]/g, '_')}.csv`)
}

/** Bytes gathered before they are written. */
const pageBytes = 256 * 1024

/**
 * Writes every row that was touched as CSV (RFC 4180): where, what was chosen, the key as JSON, and the shape of what was
 * there, never the value. Readable by its owner alone; the name is taken only by a whole file.
 */
export function writeRepairList(db: SqliteDatabase, path: string): RepairList {
  const digest = createHash('sha256')
  const part = `${path}.part`
  const file = openSync(part, 'w', 0o600)
  let page = 'table,column,action,repair,finding,key,before\r\n'
  let rows = 0
  const flush = () => {
    digest.update(page)
    writeSync(file, page)
    page = ''
  }
  try {
    const listed = db
      .prepare(`SELECT table_name, column_name, action, kind || '=' || choice, code, row_key, shape FROM _bascule_repair ORDER BY position`)
      .raw()
    for (const row of listed.iterate() as Iterable<(string | null)[]>) {
      page += `${row.map(csvField).join(',')}\r\n`
      rows += 1
      if (page.length > pageBytes) flush()
    }
    flush()
  } finally {
    closeSync(file)
  }
  renameSync(part, path)
  return { path, sha256: digest.digest('hex'), rows }
}

/** A field that a spreadsheet would take for a formula begins with an apostrophe. */
function csvField(value: string | null): string {
  const text = value === null ? '' : /^[=+\-@\t\r]/.test(value) ? `'${value}` : value
  return /[",\r\n]/.test(text) ? `"${text.replaceAll('"', '""')}"` : text
}
