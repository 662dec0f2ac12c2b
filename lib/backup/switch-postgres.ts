import type pg from 'pg'
import { AppError } from '@/lib/core/errors'
import { quoteName, safeSql } from '@/lib/core/quoted-name'
import { readPostgresCatalogue } from '@/lib/postgres/catalogue'
import { armChangeLog, disarmChangeLog } from '@/lib/postgres/change-log'
import { isContended, sqlStateOf } from '@/lib/postgres/connect'
import { raisePostgresFence } from '@/lib/postgres/fence'
import { hasChangeLog, logReplacedRows } from '@/lib/postgres/log-replaced-rows'
import { copyRights, dropSchemaInParts, moveObjects, schemasNamed } from '@/lib/postgres/move-objects'
import { schemaMigrationsTable } from '@/lib/schema/map-tables'
import { stagingSchema } from './stage-postgres'

/** Schemas that hold what was there before a restore. */
const asidePrefix = 'before_restore_'

/** Writers with one table in hand and a wish for another are in our way, or we in theirs: tried again. */
const lockAttempts = 6

/**
 * Makes the app's tables refuse writes, in two steps of one transaction, which is open when this returns: writers have
 * ended and wait; a snapshot taken now holds everything that was ever written and nothing of the fence. `commit` puts the
 * fence up for all to see, `undo` forgets it.
 */
export async function prepareFence(
  client: pg.Client,
  schema: string,
  reason: string,
): Promise<{ commit: () => Promise<void>; undo: () => Promise<void> }> {
  const tables = (await readPostgresCatalogue(client, schema)).tables.map(({ name }) => name)
  await withRetries(client, async () => {
    await client.query(safeSql`CREATE SCHEMA IF NOT EXISTS ${quoteName(stagingSchema)}`)
    await raisePostgresFence(client, schema, tables, reason, stagingSchema)
  })
  let isOpen = true
  return {
    commit: async () => {
      // A second snapshot would see the fence as a part of the app.
      if (!isOpen) throw changedMeanwhile()
      isOpen = false
      await client.query('COMMIT')
    },
    undo: async () => {
      if (isOpen) await client.query('ROLLBACK').catch(() => undefined)
      isOpen = false
    },
  }
}

/**
 * Puts the staged tables in the place of the app's, in one transaction: connections see the old content before it and the
 * new one after it, by the same names. What was there goes to a schema of its own, `before_restore_<UTC time>`, with what
 * it had; owners and rights are taken over. Where writes are logged for a switch back to SQLite, the rows that this
 * changes are logged as well. The fence falls with it. Answers the name of that schema.
 *
 * @throws AppError TARGET_*, STRUCTURE_UNSUPPORTED; then nothing was changed, and the fence is still up
 */
export async function switchToStaged(client: pg.Client, schema: string, at: Date): Promise<string> {
  const aside = `${asidePrefix}${at.toISOString().replace(/\D/g, '').slice(0, 14)}`
  const skip = new Set([schemaMigrationsTable])
  await withRetries(client, async () => {
    const before = await readPostgresCatalogue(client, schema)
    const isLogged = await hasChangeLog(client)
    if (isLogged) {
      await logReplacedRows(client, before.tables, (await readPostgresCatalogue(client, stagingSchema)).tables, skip)
      await disarmChangeLog(client, before)
    }
    await client.query(safeSql`DROP FUNCTION IF EXISTS ${quoteName(stagingSchema)}.refuse_write() CASCADE`)
    await client.query(safeSql`CREATE SCHEMA ${quoteName(aside)}`)
    await moveObjects(client, schema, aside)
    await moveObjects(client, stagingSchema, schema)
    await copyRights(client, aside, schema)
    if (isLogged) await armChangeLog(client, await readPostgresCatalogue(client, schema), skip)
    // Without CASCADE: whatever could not be moved must not be lost with it.
    await client.query(safeSql`DROP SCHEMA ${quoteName(stagingSchema)}`)
    await client.query('SET LOCAL synchronous_commit = on')
  })
  await client.query('COMMIT').catch(async (error: unknown) => {
    await client.query('ROLLBACK').catch(() => undefined)
    throw error
  })
  return aside
}

/** Drops what earlier restores set aside, all but the newest: a disk holds the past once, not once a restore. */
export async function dropOlderAside(client: pg.Client, newest: string): Promise<readonly string[]> {
  const older = (await schemasNamed(client, asidePrefix)).filter((name) => name !== newest && /^before_restore_\d{14}$/.test(name))
  for (const name of older) await dropSchemaInParts(client, name)
  return older
}

/** Begins a transaction and leaves it open. */
async function withRetries(client: pg.Client, work: () => Promise<void>): Promise<void> {
  for (let attempt = 1; ; attempt += 1) {
    try {
      await client.query('BEGIN')
      await client.query(`SET LOCAL lock_timeout = '5s'`)
      await work()
      return
    } catch (error) {
      await client.query('ROLLBACK').catch(() => undefined)
      if (sqlStateOf(error) === '2BP01') throw notMoved(error)
      if (!isContended(error) || attempt === lockAttempts) throw error
    }
  }
}

function changedMeanwhile(): AppError {
  return new AppError({
    code: 'SOURCE_CHANGED',
    operation: 'restore a backup',
    message: 'A file was deleted while the safety backup was made. Nothing was changed.',
    hint: 'Start the restore again.',
    retryable: true,
  })
}

function notMoved(cause: unknown): AppError {
  return new AppError({
    code: 'STRUCTURE_UNSUPPORTED',
    operation: 'restore a backup',
    message: `The backup holds something that cannot be put in the place of the present: ${cause instanceof Error ? cause.message : 'unknown'}`,
    hint: 'Restore it into a new database with the commands of docs/recovery.md, then point the app there.',
    cause,
  })
}
