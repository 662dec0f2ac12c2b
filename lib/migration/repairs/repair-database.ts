import type { Repair } from '@/lib/core/repair-choice'
import type { SqliteDatabase } from '@/lib/sqlite/open-database'
import { quoteName } from '@/lib/sqlite/values/sql-text'
import { guardRules } from './guard-rules'
import { removeDuplicates } from './remove-duplicates'
import { createRepairRecord, summarise } from './repair-record'
import { findLostRows, repairReferences } from './repair-references'
import type { RepairRequest } from './repair-request'
import { repairColumn } from './repair-values'

const referenceKinds: ReadonlySet<string | null> = new Set(['orphans', 'reference-case'])

/**
 * Repairs a copy of the source in place, in one transaction, by the choices made and no others: values first, then rows
 * that are equal, then references, again and again until none is left that a deleted row had. The file's triggers are
 * dropped, since none of them may act on a repair, and its foreign keys are not enforced meanwhile.
 * Blocks its thread. After a failure the file is as before.
 *
 * @param onProgress called now and then with the rows touched so far
 * @throws AppError VALUE_REFUSED when a choice cannot be applied to a row
 */
export function repairDatabase(db: SqliteDatabase, request: RepairRequest, onProgress: (rows: number) => void): readonly Repair[] {
  db.pragma('foreign_keys = OFF')
  // A copy of a file in WAL mode is in WAL mode too: what is repaired is to be in the one file.
  db.pragma('journal_mode = DELETE')
  const repair = db.transaction(() => {
    dropTriggers(db)
    const lost = findLostRows(db, request)
    const record = createRepairRecord(db)
    for (const finding of request.findings) {
      const mapping = request.mappings.find(({ table }) => table === finding.table)
      const table = request.tables.find(({ name }) => name === finding.table)
      if (!mapping || !table || referenceKinds.has(finding.kind) || finding.kind === 'duplicates') continue
      const column = mapping.columns.find(({ name }) => name === finding.column)
      if (column)
        guardRules(finding.table, finding.column, () => repairColumn(db, { mapping, table, column, choices: request.choices }, record))
      onProgress(record.rows)
    }
    for (const finding of request.findings) {
      const mapping = request.mappings.find(({ table }) => table === finding.table)
      if (finding.kind === 'duplicates' && mapping) removeDuplicates(db, mapping, finding.column?.split(', ') ?? [], record)
    }
    repairReferences(db, request, lost, record, () => onProgress(record.rows))
    record.finish()
    return summarise(db)
  })
  return repair.immediate()
}

function dropTriggers(db: SqliteDatabase): void {
  const names = db.prepare(`SELECT name FROM sqlite_master WHERE type = 'trigger'`).pluck().all()
  for (const name of names) db.exec(`DROP TRIGGER ${quoteName(String(name))}`)
}
