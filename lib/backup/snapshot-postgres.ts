import { createReadStream, createWriteStream } from 'node:fs'
import { mkdir, open, rm, stat, writeFile } from 'node:fs/promises'
import { join } from 'node:path'
import { Transform } from 'node:stream'
import { pipeline } from 'node:stream/promises'
import { createGzip } from 'node:zlib'
import type pg from 'pg'
import { to as copyTo } from 'pg-copy-streams'
import { z } from 'zod'
import { cancelledError, throwIfAborted } from '@/lib/core/abort'
import type { PostgresCatalogue } from '@/lib/core/catalogue'
import { AppError } from '@/lib/core/errors'
import { qualifiedName, quoteName } from '@/lib/core/quoted-name'
import type { CvRow } from '@/lib/cv/check-cv-file'
import { readPostgresCatalogue } from '@/lib/postgres/catalogue'
import { connectPostgres, destroy, toPostgresError } from '@/lib/postgres/connect'
import { bookkeepingSchema } from '@/lib/postgres/copy-mark'
import { findPgDump, type PgDump } from '@/lib/postgres/find-pg-dump'
import { schemaOf, targetLabel } from '@/lib/postgres/target-url'
import type { DatabaseSnapshot, FileRowQueries, PostgresFormat } from './database-snapshot'
import type { DatabaseFormat, TableCount } from './manifest'
import { dumpFailed, runPgProgram } from './pg-programs'
import { dataMember, readPortableSchema, restoreScript } from './portable-schema'

export interface SnapshotPostgresOptions {
  readonly url: string
  readonly format: PostgresFormat
  /** Work folder, empty. */
  readonly folder: string
  readonly fileRows: FileRowQueries
  readonly onProgress: (bytes: number) => void
  readonly signal: AbortSignal
  /** Called when the snapshot stands and before anything is read from it. */
  readonly onSnapshot?: () => Promise<void>
}

/**
 * The schema of a PostgreSQL database as it is at one moment: counts, the rows that name files and the dump all read the
 * same REPEATABLE READ snapshot. Nobody waits for it.
 *
 * `pg_dump` refuses a server newer than itself; then, or without one, the dump is portable: structure from the server's own
 * definitions, rows by COPY. It says which and why.
 *
 * @throws AppError DUMP_FAILED, TARGET_*, LOCAL_DISK_FULL, CANCELLED
 */
export async function snapshotPostgres(options: SnapshotPostgresOptions): Promise<DatabaseSnapshot> {
  const { url, folder, signal } = options
  const schema = schemaOf(url)
  const client = await connectPostgres(url, { applicationName: 'bascule backup', signal })
  try {
    await client.query('BEGIN ISOLATION LEVEL REPEATABLE READ READ ONLY')
    const { version, major } = await readVersion(client)
    await options.onSnapshot?.()
    const { format, reason, pgDump } = chooseFormat(options.format, major, await findPgDump())
    const catalogue = await readPostgresCatalogue(client, schema)
    const dump =
      format === 'portable'
        ? await dumpPortable(client, catalogue, options)
        : await dumpWithProgram(client, catalogue, format, pgDump, options)
    const { tables, names, leftOut } = dump
    const fileRows = await readFileRows(client, catalogue, options.fileRows)
    const schemaMigrations = await readSchemaMigrations(client, catalogue)
    return {
      database: { engine: 'postgresql', version, format, reason, schema, schemaMigrations, tables: [...tables], leftOut: [...leftOut] },
      members: names.map((name) => ({ name: `database/${name}`, path: join(folder, name) })),
      fileRows,
    }
  } catch (error) {
    if (signal.aborted) throw cancelledError(signal)
    throw error instanceof Error && 'syscall' in error ? error : toPostgresError(error, targetLabel(url))
  } finally {
    if (signal.aborted) destroy(client)
    await client.end().catch(() => undefined)
  }
}

type Chosen = { readonly format: Exclude<DatabaseFormat, 'sqlite'>; readonly reason: string; readonly pgDump: string }

/** Which format, and why. @throws AppError DUMP_FAILED when one is wanted that this machine cannot write */
export function chooseFormat(wanted: PostgresFormat, serverMajor: number, found: PgDump | null): Chosen {
  const fits = found !== null && found.major >= serverMajor
  const why = found === null ? 'there is no pg_dump on this machine' : `pg_dump ${found.version} is older than the server (${serverMajor})`
  if (wanted === 'portable') return { format: 'portable', reason: 'Portable format, as chosen.', pgDump: '' }
  if (fits) {
    const format = wanted === 'plain' ? 'plain' : 'custom'
    return { format, reason: `${format === 'plain' ? 'Plain SQL' : 'Custom format'} by pg_dump ${found.version}.`, pgDump: found.path }
  }
  if (wanted === 'auto') return { format: 'portable', reason: `Portable format, because ${why}.`, pgDump: '' }
  throw dumpFailed(
    'pg_dump',
    `The format "${wanted}" cannot be written: ${why}. Install PostgreSQL's client programs of version ${serverMajor} or later.`,
  )
}

interface Dump {
  readonly tables: readonly TableCount[]
  /** Files below the work folder. */
  readonly names: readonly string[]
  readonly leftOut: readonly string[]
}

async function dumpPortable(client: pg.Client, catalogue: PostgresCatalogue, options: SnapshotPostgresOptions): Promise<Dump> {
  const { folder, signal } = options
  const names = catalogue.tables.map(({ name }) => name)
  const unusable = names.find((name) => /[\r\n]/.test(name))
  if (unusable !== undefined) throw dumpFailed('portable dump', 'A table has a line break in its name.')
  const { before, after, columnsOf, leftOut } = await readPortableSchema(client, catalogue)
  await mkdir(join(folder, 'data'), { recursive: true })
  await writeFile(join(folder, 'schema.sql'), before, { mode: 0o600 })
  await writeFile(join(folder, 'structure.sql'), after, { mode: 0o600 })
  await writeFile(join(folder, 'restore.sql'), restoreScript(catalogue.schema, names, columnsOf), { mode: 0o600 })
  const tables: TableCount[] = []
  let bytes = 0
  for (const [index, { name, schema }] of catalogue.tables.entries()) {
    throwIfAborted(signal)
    const columns = (columnsOf.get(name) ?? []).map(quoteName).join(', ')
    const rows = client.query(copyTo(`COPY (SELECT ${columns} FROM ${qualifiedName(schema, name)}) TO STDOUT`))
    const measure = new Transform({
      transform(chunk: Buffer, _encoding, done) {
        bytes += chunk.length
        options.onProgress(bytes)
        done(null, chunk)
      },
    })
    await pipeline(rows, measure, createWriteStream(join(folder, dataMember(index)), { flags: 'wx', mode: 0o600 }), { signal })
    tables.push({ table: name, rows: rows.rowCount ?? 0 })
  }
  return { tables, names: ['restore.sql', 'schema.sql', 'structure.sql', ...names.map((_, index) => dataMember(index))], leftOut }
}

async function dumpWithProgram(
  client: pg.Client,
  catalogue: PostgresCatalogue,
  format: 'custom' | 'plain',
  pgDump: string,
  options: SnapshotPostgresOptions,
): Promise<Dump> {
  const { url, folder, signal } = options
  const exported = await client.query('SELECT pg_export_snapshot() AS id')
  const { id } = z.object({ id: z.string() }).parse(exported.rows[0])
  const file = join(folder, format === 'custom' ? 'database.dump' : 'database.sql')
  const schemas = [catalogue.schema, ...((await hasSchema(client, bookkeepingSchema)) ? [bookkeepingSchema] : [])]
  const args = [
    `--format=${format}`,
    `--snapshot=${id}`,
    `--file=${file}`,
    // The archive around it is compressed once; twice costs time and gains nothing.
    '--compress=0',
    '--no-owner',
    '--no-privileges',
    '--lock-wait-timeout=60000',
    '--extension=*',
    ...schemas.map((name) => `--schema=${quoteName(name)}`),
    ...(format === 'plain' ? ['--clean', '--if-exists'] : []),
  ]
  const watch = setInterval(() => {
    stat(file).then(
      ({ size }) => options.onProgress(size),
      () => undefined,
    )
  }, 200)
  const dumping = runPgProgram({ pgDump, program: 'pg_dump', args, url, signal }).finally(() => clearInterval(watch))
  // Counted beside it on our own connection, in the same snapshot.
  const [counting] = await Promise.allSettled([countTables(client, catalogue), dumping])
  await dumping
  if (counting.status === 'rejected') throw counting.reason
  const sizeBytes = await stat(file).then(
    ({ size }) => size,
    () => 0,
  )
  if (sizeBytes === 0) throw dumpFailed('pg_dump', 'It ended well and wrote nothing.')
  if (format === 'custom') {
    // Reads every block: a dump that was cut short is found out here, with or without a trial restore.
    await runPgProgram({ pgDump, program: 'pg_restore', args: ['--file=/dev/null', file], url, signal })
    return { tables: counting.value, names: ['database.dump'], leftOut: [] }
  }
  await requireEnd(file)
  await pipeline(createReadStream(file), createGzip({ level: 3 }), createWriteStream(`${file}.gz`, { flags: 'wx', mode: 0o600 }), {
    signal,
  })
  await rm(file)
  return { tables: counting.value, names: ['database.sql.gz'], leftOut: [] }
}

/** Rows of every table in the caller's snapshot. */
export async function countTables(client: pg.Client, catalogue: PostgresCatalogue): Promise<readonly TableCount[]> {
  const counts: TableCount[] = []
  for (const { name, schema } of catalogue.tables) {
    const { rows } = await client.query(`SELECT count(*)::text AS rows FROM ${qualifiedName(schema, name)}`)
    counts.push({ table: name, rows: Number(z.object({ rows: z.string() }).parse(rows[0]).rows) })
  }
  return counts
}

/** A plain dump ends with a line that says so; one that was cut short does not. */
async function requireEnd(path: string): Promise<void> {
  const file = await open(path, 'r')
  try {
    const { size } = await file.stat()
    const tail = Buffer.alloc(Math.min(512, size))
    await file.read(tail, 0, tail.length, size - tail.length)
    if (!tail.toString('utf8').includes('PostgreSQL database dump complete')) throw dumpFailed('pg_dump', 'Its output was cut short.')
  } finally {
    await file.close()
  }
}

async function readVersion(client: pg.Client): Promise<{ version: string; major: number }> {
  const { rows } = await client.query(
    `SELECT current_setting('server_version') AS version, current_setting('server_version_num')::int / 10000 AS major`,
  )
  const { version, major } = z.object({ version: z.string(), major: z.number() }).parse(rows[0])
  return { version: version.split(' ')[0] ?? version, major }
}

async function hasSchema(client: pg.Client, name: string): Promise<boolean> {
  const { rowCount } = await client.query('SELECT 1 FROM pg_namespace WHERE nspname = $1', [name])
  return rowCount === 1
}

async function readSchemaMigrations(client: pg.Client, catalogue: PostgresCatalogue): Promise<string[]> {
  if (!catalogue.tables.some(({ name }) => name === '_prisma_migrations')) return []
  const table = qualifiedName(catalogue.schema, '_prisma_migrations')
  const { rows } = await client.query(
    `SELECT migration_name AS name FROM ${table} WHERE finished_at IS NOT NULL AND rolled_back_at IS NULL ORDER BY migration_name`,
  )
  return z
    .array(z.object({ name: z.string() }))
    .parse(rows)
    .map(({ name }) => name)
}

const fileRow = z.object({ storagePath: z.string(), sizeBytes: z.number(), sha256: z.instanceof(Buffer) })

async function readFileRows(client: pg.Client, catalogue: PostgresCatalogue, { table, all }: FileRowQueries): Promise<CvRow[]> {
  if (!catalogue.tables.some(({ name }) => name === table)) return []
  // The search path of our sessions is the target's schema.
  return z.array(fileRow).parse((await client.query(all)).rows)
}

/** What a portable dump wants loaded: the tables of its script with their files, in order. @throws AppError BACKUP_REFUSED */
export function readCopies(script: string): readonly { readonly target: string; readonly file: string }[] {
  return script.split('\n').flatMap((line) => {
    if (!line.startsWith('\\copy ')) return []
    const match = /^\\copy (.+) FROM '(data\/\d{4,6}\.copy)'$/.exec(line)
    if (!match) throw new AppError({ code: 'BACKUP_REFUSED', message: 'The script of the portable dump is not one that this app writes.' })
    return [{ target: match[1] as string, file: match[2] as string }]
  })
}
