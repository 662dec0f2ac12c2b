import type pg from 'pg'
import { reportError } from '@/lib/core/errors'
import type { Report } from '@/lib/core/progress'
import { qualifiedName } from '@/lib/core/quoted-name'
import { isLatePart, partKey, readBuilt, readStripped, type StructurePart, validateReference } from '@/lib/postgres/structure'
import { readStructureRecord, recordStructure } from '@/lib/postgres/structure-record'
import { disarmChangeLog, readCapturedTables } from '@/lib/sqlite/change-log'
import { openSqlite } from '@/lib/sqlite/open-database'

export interface FinishOptions {
  /** Null where the app's file is gone. */
  readonly sourcePath: string | null
  readonly client: pg.Client
  readonly schema: string
}

/**
 * What a live cut-over leaves for after the switch, when nobody waits for it any more: every row looked at by the references
 * that were put back, statistics, the structure on record, and the capture taken out of the file that is no longer written.
 * Safe to repeat, also after a crash; where nothing is left to do it changes nothing.
 *
 * A reference that some row breaks is said and stays as it is: heeded by new rows, and named by every verification.
 */
export async function finishCutOver(
  { sourcePath, client, schema }: FinishOptions,
  report: Report,
): Promise<{ readonly validated: number }> {
  const built = await readBuilt(client, schema)
  const stripped = await readStripped(client)
  const pending = stripped.filter((part) => part.kind === 'foreign' && built.get(partKey(part)) === false)
  let validated = 0
  for (const part of pending) {
    try {
      await validateReference(client, schema, part)
      validated += 1
    } catch (error) {
      const message = `${part.table} has rows that break the reference ${part.name}: ${reportError(error).message}`
      report({ type: 'log', level: 'warn', message })
    }
  }
  if (pending.length > 0) {
    for (const table of new Set(pending.map((part) => part.table))) await client.query(`ANALYZE ${qualifiedName(schema, table)}`)
  }
  if (pending.length > 0 || !(await isOnRecord(client, stripped, built))) await recordStructure(client, schema)
  if (sourcePath !== null) disarm(sourcePath)
  return { validated }
}

/**
 * Whether the record has what was put back at the switch. It was made while that was off; and who was killed between the last
 * reference and the record leaves nothing pending.
 */
async function isOnRecord(client: pg.Client, stripped: readonly StructurePart[], built: ReadonlyMap<string, boolean>): Promise<boolean> {
  const recorded = (await readStructureRecord(client)) ?? []
  const putBack = stripped.filter((part) => isLatePart(part) && built.has(partKey(part)))
  return recorded.length > 0 && putBack.every(({ table, name }) => recorded.some((item) => item.table === table && item.name === name))
}

function disarm(sourcePath: string): void {
  const db = openSqlite(sourcePath)
  try {
    if (readCapturedTables(db) !== null) disarmChangeLog(db)
  } finally {
    db.close()
  }
}
