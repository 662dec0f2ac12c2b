import type pg from 'pg'
import type { PostgresCatalogue } from '@/lib/core/catalogue'
import { armChangeLog, forgettingSql } from '@/lib/postgres/change-log'
import { changeMark } from '@/lib/postgres/copy-mark'
import { setSequences } from '@/lib/postgres/sequences'
import { restoringLateParts, type StructurePart } from '@/lib/postgres/structure'
import { schemaMigrationsTable } from '@/lib/schema/map-tables'
import { inTransaction } from '../apply-schema'

export interface CutOverRecord {
  readonly jobId: string
  readonly target: PostgresCatalogue
  /** References and triggers that the copy was kept without, since its rows come and go while it follows. */
  readonly lateParts: readonly StructurePart[]
  /** SQLite's own record of the numbers it gave out, by table; read while nobody writes. */
  readonly readSequences: () => ReadonlyMap<string, bigint>
}

export type RecordOutcome =
  | { readonly status: 'committed' }
  /** `mayCommit` said no; nothing was changed. */
  | { readonly status: 'declined' }
  /** COMMIT was sent and not answered: the record may stand, or come to stand, until the session has ended. */
  | { readonly status: 'unknown'; readonly error: unknown }

/**
 * What of the record can be made ready while the app still writes to SQLite: the change log, which notes nothing of what a
 * session writes that keeps out of it. Safe to repeat; given up, it goes with the copy.
 */
export async function prepareRecord(client: pg.Client, { target }: Pick<CutOverRecord, 'target'>): Promise<void> {
  await inTransaction(client, () => armChangeLog(client, target, new Set([schemaMigrationsTable])))
}

/**
 * Makes PostgreSQL the authority, in one transaction: references and triggers back and heeded from here on (their old rows are looked at
 * after the switch), sequences set, the change log empty before the first write, and the record itself. After `prepareRecord`.
 *
 * @param mayCommit asked last, right before the commit
 * @throws whatever a statement before the commit throws: then nothing was changed
 */
export async function commitRecord(client: pg.Client, record: CutOverRecord, mayCommit: () => boolean): Promise<RecordOutcome> {
  const { jobId, target, lateParts, readSequences } = record
  try {
    // Writes wait: as few messages as can be.
    await client.query(['BEGIN', ...restoringLateParts(target.schema, lateParts), forgettingSql].join(';\n'))
    await setSequences(client, target, readSequences())
    await changeMark(client, jobId, ['copied'], 'switched')
    // The one commit that must survive a crash of the server: our sessions leave it at the server's setting otherwise.
    await client.query('SET LOCAL synchronous_commit = on')
    if (!mayCommit()) {
      await client.query('ROLLBACK')
      return { status: 'declined' }
    }
  } catch (error) {
    await client.query('ROLLBACK').catch(() => undefined)
    throw error
  }
  try {
    await client.query('COMMIT')
    return { status: 'committed' }
  } catch (error) {
    return { status: 'unknown', error }
  }
}
