import { createReadStream } from 'node:fs'
import { readFile } from 'node:fs/promises'
import { join } from 'node:path'
import { Readable } from 'node:stream'
import { pipeline } from 'node:stream/promises'
import { createGunzip } from 'node:zlib'
import pg from 'pg'
import { from as copyFrom } from 'pg-copy-streams'
import { cancelledError, throwIfAborted } from '@/lib/core/abort'
import { quoteName, safeSql } from '@/lib/core/quoted-name'
import { connectPostgres, destroy, toPostgresError, withPostgres } from '@/lib/postgres/connect'
import { findPgDump } from '@/lib/postgres/find-pg-dump'
import { type TargetUrl, targetLabel } from '@/lib/postgres/target-url'
import type { Manifest } from './manifest'
import { dumpFailed, runPgProgram } from './pg-programs'
import { readPlainDump } from './plain-dump'
import { readCopies } from './snapshot-postgres'

export interface LoadDumpOptions {
  /** Where the archive's members lie: `<folder>/database/…`. */
  readonly folder: string
  readonly manifest: Manifest
  /** An empty database, made for this. */
  readonly target: TargetUrl
  readonly signal: AbortSignal
  /**
   * Whether the database holds other things already: then the dump's one schema is made anew and nothing else is touched.
   * Default: false.
   */
  readonly beside?: boolean
}

/**
 * Loads a dump into an empty database, or as a new schema into one that is in use. Only for archives that were read to their end and found whole, and that this app
 * wrote or an admin trusted by name: a dump is a program that the server runs.
 *
 * @throws AppError DUMP_FAILED, TARGET_*, CANCELLED
 */
export async function loadDump(options: LoadDumpOptions): Promise<void> {
  const { folder, manifest, target, signal } = options
  const schema = manifest.database.schema ?? 'public'
  if (manifest.database.format === 'portable') return loadPortable(options, schema)
  if (manifest.database.format === 'plain') return loadPlain(options)
  const found = await findPgDump()
  if (found === null) throw dumpFailed('pg_restore', 'There is none on this machine. Install PostgreSQL’s client programs.')
  const args = ['--exit-on-error', '--no-owner', '--no-privileges', `--dbname=${target.database}`]
  const extent = options.beside ? ['--single-transaction', `--schema=${schema}`] : ['--clean', '--if-exists']
  if (options.beside) await makeSchema(options, schema)
  const file = join(folder, 'database/database.dump')
  await runPgProgram({ pgDump: found.path, url: target, signal, program: 'pg_restore', args: [...args, ...extent, file] })
}

/** pg_restore leaves it out when it is told to take one schema alone. */
async function makeSchema({ target, signal }: LoadDumpOptions, schema: string): Promise<void> {
  await withPostgres(target, { applicationName: 'bascule restore', signal }, (client) =>
    client.query(safeSql`CREATE SCHEMA IF NOT EXISTS ${quoteName(schema)}`),
  )
}

/** Statement by statement, as psql sends them, and without psql: a line of the archive can run nothing on this machine. */
async function loadPlain({ folder, target, signal }: LoadDumpOptions): Promise<void> {
  const client = await connectPostgres(target, { applicationName: 'bascule restore', signal })
  const content = createGunzip()
  // Its reader gets the reason.
  pipeline(createReadStream(join(folder, 'database/database.sql.gz')), content, { signal }).catch(() => undefined)
  try {
    for await (const piece of readPlainDump(content)) {
      throwIfAborted(signal)
      if (piece.kind === 'statement') await runStatement(client, piece.text)
      else await pipeline(Readable.from(piece.rows, { objectMode: false }), client.query(copyFrom(piece.text)), { signal })
    }
  } catch (error) {
    if (signal.aborted) throw cancelledError(signal)
    throw toPostgresError(error, targetLabel(target), 'DUMP_FAILED')
  } finally {
    content.destroy()
    if (signal.aborted) destroy(client)
    await client.end().catch(() => undefined)
  }
}

const otherEncoding = /^set\s+client_encoding\s*(?:=|to)\s*'(?!utf-?8')/i

/** Rows that it answers are let go one by one: a dump may ask for more than there is memory. */
async function runStatement(client: pg.Client, text: string): Promise<void> {
  if (otherEncoding.test(text)) throw dumpFailed('Reading it', 'It is not written in UTF-8.')
  await new Promise<void>((resolve, reject) => {
    const query = new pg.Query(text)
    query.on('row', () => undefined)
    query.on('end', () => resolve())
    query.on('error', reject)
    client.query(query)
  })
}

/** As `psql --file=restore.sql` does it, in one transaction, into whichever schema: its names are unqualified. */
async function loadPortable({ folder, target, signal, beside }: LoadDumpOptions, schema: string): Promise<void> {
  const database = join(folder, 'database')
  const client = await connectPostgres(target, { applicationName: 'bascule restore', signal })
  try {
    await client.query('BEGIN')
    await client.query(safeSql`CREATE SCHEMA IF NOT EXISTS ${quoteName(schema)}`)
    // Types of extensions lie where the app has them.
    const path = beside ? safeSql`${quoteName(schema)}, ${quoteName(target.schema)}` : quoteName(schema)
    await client.query(safeSql`SET search_path TO ${path}`)
    await client.query(await readFile(join(database, 'schema.sql'), 'utf8'))
    for (const { target: table, file } of readCopies(await readFile(join(database, 'restore.sql'), 'utf8'))) {
      throwIfAborted(signal)
      await pipeline(
        createReadStream(join(database, file), { highWaterMark: 256 * 1024 }),
        client.query(copyFrom(`COPY ${table} FROM STDIN`)),
        {
          signal,
        },
      )
    }
    await client.query(await readFile(join(database, 'structure.sql'), 'utf8'))
    await client.query('COMMIT')
  } catch (error) {
    if (signal.aborted) throw cancelledError(signal)
    throw toPostgresError(error, targetLabel(target), 'DUMP_FAILED')
  } finally {
    if (signal.aborted) destroy(client)
    await client.end().catch(() => undefined)
  }
}
