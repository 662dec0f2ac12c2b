import { mkdir, rm } from 'node:fs/promises'
import { join } from 'node:path'
import type pg from 'pg'
import { z } from 'zod'
import { AppError } from '@/lib/core/errors'
import type { Report } from '@/lib/core/progress'
import { qualifiedName, quoteName, safeSql } from '@/lib/core/quoted-name'
import { ensureSchema } from '@/lib/database/ensure-schema'
import { readPostgresCatalogue } from '@/lib/postgres/catalogue'
import { toPostgresError, withPostgres } from '@/lib/postgres/connect'
import { bookkeepingSchema } from '@/lib/postgres/copy-mark'
import { moveObjects } from '@/lib/postgres/move-objects'
import { asTargetUrl, targetLabel } from '@/lib/postgres/target-url'
import { schemaMigrationsTable } from '@/lib/schema/map-tables'
import type { BackupSetup } from './make-backup'
import type { Manifest, TableCount } from './manifest'
import { requireHarmless } from './require-harmless'
import { loadDump } from './restore-postgres-dump'
import { type ScratchDatabase, withScratchDatabase } from './scratch-database'
import { countTables, snapshotPostgres } from './snapshot-postgres'
import { sqliteMember } from './snapshot-sqlite'
import { NoPlaceForTrial, requireEqualCounts } from './try-restore'

/** Where a restore is made ready, beside the app's own tables. Nobody looks into it; dropping it undoes everything so far. */
export const stagingSchema = 'bascule_restoring'

export interface StagePostgresOptions {
  readonly setup: BackupSetup
  /** The app's database. */
  readonly url: string
  /** Where the archive's members lie, each checked: `<work>/database/…`. */
  readonly work: string
  readonly manifest: Manifest
  /** Whether the archive came from elsewhere, trusted or not. */
  readonly foreign: boolean
  readonly report: Report
  readonly signal: AbortSignal
}

/**
 * Makes the content of an archive ready in a schema of its own beside the app's tables:
 *
 *   scratch database: loaded as it was, counted against the manifest, brought to today's schema
 *     ─> the server moves it to the staging schema ─> dumped ─> loaded beside the live tables ─> counted again
 *
 * The way over a scratch database lets PostgreSQL itself rename what the dump says, and whatever the dump says runs where
 * nothing of the app's is. Nothing of the app's tables is read or touched. Answers the tables of the staging schema.
 *
 * @throws AppError TARGET_NOT_PRIVILEGED, DUMP_FAILED, COUNTS_DIFFER, SCHEMA_FAILED, STRUCTURE_UNSUPPORTED, TARGET_*, CANCELLED
 */
export async function stageInPostgres(options: StagePostgresOptions): Promise<readonly TableCount[]> {
  const { url, manifest, foreign, work, report, signal } = options
  const live = asTargetUrl(url)
  await withPostgres(live, { applicationName: 'bascule restore', signal }, dropStaging)
  const folder = join(work, 'transfer')
  try {
    const schema = manifest.database.schema ?? live.schema
    const expected = await withScratchDatabase({ url, foreign }, schema, signal, async (scratch) => {
      await fillScratch(options, scratch)
      if (foreign) await withPostgres(live, { applicationName: 'bascule restore', signal }, (app) => requireHarmless(scratch.client, app))
      const counts = await countAll(scratch.client, schema)
      await moveToStaging(scratch.client, schema)
      await transfer(options, scratch, folder)
      return counts
    })
    const staged = await withPostgres(live, { applicationName: 'bascule restore', signal }, async (client) => {
      const counts = await countAll(client, stagingSchema)
      // New tables have no statistics, and the first queries after the switch would be planned blindly.
      for (const { table } of counts) await client.query(safeSql`ANALYZE ${qualifiedName(stagingSchema, table)}`)
      return counts
    })
    requireEqualCounts(expected, staged)
    report({ type: 'log', level: 'info', message: `${staged.length} tables stand ready beside the present ones, each counted.` })
    return staged
  } catch (error) {
    if (!(error instanceof NoPlaceForTrial)) throw toPostgresError(error, targetLabel(live))
    throw new AppError({
      code: 'TARGET_NOT_PRIVILEGED',
      operation: 'restore a backup',
      message: `A restore needs a database of its own to check the archive in. ${error.message}`,
      hint: `Change that for the role ${quoteName(live.user)}, for the time of the restore at least; then start again.`,
      cause: error,
    })
  } finally {
    await rm(folder, { recursive: true, force: true })
  }
}

/** Takes away what a restore that did not come to its end has left: the staged tables, and the fence, whose function lies there. */
export async function dropStaging(client: pg.Client): Promise<void> {
  await client.query(safeSql`DROP SCHEMA IF EXISTS ${quoteName(stagingSchema)} CASCADE`)
}

async function fillScratch(options: StagePostgresOptions, scratch: ScratchDatabase): Promise<void> {
  const { setup, work, manifest, report, signal } = options
  if (manifest.database.engine === 'sqlite') {
    if (!setup.copyFile) throw notHere()
    await setup.copyFile(join(work, sqliteMember), scratch.url, join(work, 'copying'), report, signal)
    const wanted = manifest.database.tables.filter(({ table }) => table !== schemaMigrationsTable)
    const found = await countAll(scratch.client, scratch.target.schema)
    requireEqualCounts(
      wanted,
      found.filter(({ table }) => wanted.some((known) => known.table === table)),
    )
  } else {
    await loadChecked(options, scratch)
  }
  await dropBookkeeping(scratch.client)
}

/** Loads a dump into a scratch database, counts it against the manifest, and brings it to today's schema. */
export async function loadChecked(
  { setup, work, manifest, report, signal }: Pick<StagePostgresOptions, 'setup' | 'work' | 'manifest' | 'report' | 'signal'>,
  { client, target, url }: ScratchDatabase,
): Promise<void> {
  await loadDump({ folder: work, manifest, target, signal })
  requireEqualCounts(manifest.database.tables, await countAll(client, target.schema))
  const applied = await ensureSchema({ engine: 'postgresql', url }, setup.root)
  if (applied.length > 0)
    report({ type: 'log', level: 'info', message: `Schema migrations applied to the restored database: ${applied.join(', ')}.` })
}

/** The log and the fence of that time: what is logged from now on is decided by the live database. */
export async function dropBookkeeping(client: pg.Client): Promise<void> {
  await client.query(safeSql`DROP SCHEMA IF EXISTS ${quoteName(bookkeepingSchema)} CASCADE`)
}

async function moveToStaging(client: pg.Client, schema: string): Promise<void> {
  await client.query('BEGIN')
  await client.query(safeSql`CREATE SCHEMA ${quoteName(stagingSchema)}`)
  await moveObjects(client, schema, stagingSchema)
  await client.query('COMMIT')
}

/** From the scratch database into the app's, under the name that both have now. */
async function transfer({ url, manifest, signal }: StagePostgresOptions, scratch: ScratchDatabase, folder: string): Promise<void> {
  const from = new URL(scratch.url)
  from.searchParams.set('schema', stagingSchema)
  const database = join(folder, 'database')
  await mkdir(database, { recursive: true, mode: 0o700 })
  const noFiles = { table: '', all: '' }
  const dump = await snapshotPostgres({
    url: from.href,
    format: 'auto',
    folder: database,
    fileRows: noFiles,
    onProgress: () => undefined,
    signal,
  })
  if (dump.database.leftOut.length > 0) throw notCarried(dump.database.leftOut)
  await ensureExtensions(scratch.client, url, signal)
  await loadDump({ folder, manifest: { ...manifest, database: dump.database }, target: asTargetUrl(url), signal, beside: true })
}

/** Extensions that the content uses and the app's database lacks, in the schemas where the content expects them. */
async function ensureExtensions(scratch: pg.Client, url: string, signal: AbortSignal): Promise<void> {
  const { rows } = await scratch.query(
    `SELECT e.extname AS name, n.nspname AS schema FROM pg_extension e JOIN pg_namespace n ON n.oid = e.extnamespace WHERE e.extname <> 'plpgsql'`,
  )
  const extensions = z.array(z.object({ name: z.string(), schema: z.string() })).parse(rows)
  await withPostgres(url, { applicationName: 'bascule restore', signal }, async (client) => {
    for (const { name, schema } of extensions)
      await client.query(safeSql`CREATE EXTENSION IF NOT EXISTS ${quoteName(name)} SCHEMA ${quoteName(schema)}`)
  })
}

/** Rows of every table of a schema. */
export async function countAll(client: pg.Client, schema: string): Promise<readonly TableCount[]> {
  return countTables(client, await readPostgresCatalogue(client, schema))
}

function notHere(): AppError {
  return new AppError({
    code: 'STATE_CONFLICT',
    operation: 'restore a backup',
    message: 'An SQLite backup cannot be brought into PostgreSQL from here.',
    hint: 'Restore it from the Backups page or with npm run backup -- restore.',
  })
}

function notCarried(what: readonly string[]): AppError {
  return new AppError({
    code: 'STRUCTURE_UNSUPPORTED',
    operation: 'restore a backup',
    message: `The pg_dump of this machine does not fit the server, and without it these cannot be restored: ${what.slice(0, 5).join(', ')}.`,
    hint: 'Install PostgreSQL’s client programs of the server’s version or later, then start again.',
  })
}
