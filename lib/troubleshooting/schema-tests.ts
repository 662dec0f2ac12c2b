import { readFile } from 'node:fs/promises'
import { join } from 'node:path'
import type pg from 'pg'
import { z } from 'zod'
import { qualifiedName, quoteName, quoteText, safeSql } from '@/lib/core/quoted-name'
import { isOwnTable } from '@/lib/core/reserved-names'
import { type AppliedMigration, readHistoryState } from '@/lib/schema/history-state'
import { listSchemaMigrations } from '@/lib/schema/schema-migrations'
import { openSqlite } from '@/lib/sqlite/open-database'
import { runAside } from '@/lib/sqlite/run-aside'
import type { Found } from './diagnosis'
import type { Subject } from './subject'
import { withTarget } from './target-tests'

/** What both engines can say about the app's tables. */
interface Shape {
  readonly asked: string
  readonly tables: readonly string[]
  /** Null without a table `_prisma_migrations`. */
  readonly history: readonly AppliedMigration[] | null
  /** Of the tables that are wanted, those that stand in another schema: `schema.table`. */
  readonly elsewhere: readonly string[]
}

/** A round trip that makes every page slow. */
const farMs = 20

/** Whether the tables of the app's schema migrations are there, and if not, why. */
export async function askRelations(subject: Subject, signal: AbortSignal): Promise<Found> {
  return withShape(subject, signal, async ({ asked, tables, history, elsewhere }) => {
    const folder = migrationsOf(subject)
    const { tables: wanted } = await readMade(folder)
    const missing = wanted.filter((name) => !tables.includes(name))
    if (missing.length === 0) return { finding: 'relations-there', asked, params: { count: wanted.length } }
    const params = { count: missing.length }
    const examples = missing.slice(0, 20)
    if (elsewhere.length > 0 && tables.length === 0)
      return { finding: 'relations-elsewhere', asked, params, examples: elsewhere.slice(0, 20) }
    const pending = history === null ? [...(await listSchemaMigrations(folder))] : (await readHistoryState(history, folder)).pending
    // Without any history but with other tables nobody knows what the database is: then it is not ours to change.
    if (pending.length > 0 && (history !== null || tables.length === 0)) {
      return { finding: 'relations-pending', asked, params, examples, remedy: 'npx prisma migrate deploy', mend: 'apply-schema' }
    }
    return { finding: 'relations-missing', asked, params, examples, seeAlso: null }
  })
}

/** What `_prisma_migrations` says of itself: absent beside other tables (P3005), or with one that failed (P3009). */
export async function askHistory(subject: Subject, entry: string, signal: AbortSignal): Promise<Found> {
  return withShape(subject, signal, async ({ asked, tables, history }) => {
    const folder = migrationsOf(subject)
    const wantsFailed = entry === 'SCHEMA_MIGRATION_FAILED'
    if (history === null) {
      if (tables.length === 0) return { finding: 'history-fine', asked, params: { count: 0 } }
      const names = await listSchemaMigrations(folder)
      const remedy = names.map((name) => `npx prisma migrate resolve --applied ${name}`).join('\n')
      return wantsFailed
        ? { finding: 'history-other', asked, seeAlso: 'SCHEMA_NOT_EMPTY' }
        : { finding: 'history-none', asked, params: { count: tables.length }, examples: tables.slice(0, 20), remedy }
    }
    const { failed, applied } = await readHistoryState(history, folder)
    if (failed.length === 0) return { finding: 'history-fine', asked, params: { count: applied.length } }
    if (!wantsFailed) return { finding: 'history-other', asked, seeAlso: 'SCHEMA_MIGRATION_FAILED' }
    const remedy = `npx prisma migrate resolve --rolled-back ${failed[0] ?? ''}\nnpx prisma migrate deploy`
    return { finding: 'history-failed', asked, params: { count: failed.length }, examples: failed.slice(0, 20), remedy }
  })
}

const sequenceRow = z.object({ sequence: z.string(), table: z.string(), column: z.string(), next: z.coerce.bigint() })

/** Sequences that would give out a key that is taken: the usual cause of P2002 on an id after a move by other tools. */
export async function askSequences(subject: Subject, signal: AbortSignal): Promise<Found> {
  if (!subject.asksPostgres) return { finding: 'sqlite-active' }
  return withTarget(subject, signal, async (client, { url, label: asked }) => {
    const all = z.array(sequenceRow).parse((await client.query(sequencesSql, [url.schema])).rows)
    const behind: string[] = []
    const remedies: string[] = []
    const largest = await readLargest(client, url.schema, all)
    for (const { sequence, table, column, next } of all) {
      const key = largest.get(sequence)
      if (key === undefined || key < next) continue
      behind.push(`${table}.${column}: ${next} ≤ ${key}`)
      const name = quoteText(qualifiedName(url.schema, sequence))
      remedies.push(`SELECT setval(${name}, (SELECT max(${quoteName(column)}) FROM ${qualifiedName(url.schema, table)}));`)
    }
    const params = { count: behind.length === 0 ? all.length : behind.length }
    if (behind.length === 0) return { finding: 'sequences-fine', asked, params }
    return { finding: 'sequences-behind', asked, params, examples: behind.slice(0, 20), remedy: remedies.join('\n'), mend: 'set-sequences' }
  })
}

/** Tables whose largest keys are asked for in one statement. */
const keysPerStatement = 100

/** The largest key of each sequence's column; none for an empty table. */
async function readLargest(client: pg.Client, schema: string, all: readonly z.infer<typeof sequenceRow>[]): Promise<Map<string, bigint>> {
  const found = new Map<string, bigint>()
  for (let first = 0; first < all.length; first += keysPerStatement) {
    const some = all.slice(first, first + keysPerStatement)
    const selects = some.map(
      ({ table, column }, place) =>
        `SELECT ${place} AS place, (SELECT max(${quoteName(column)})::text FROM ${qualifiedName(schema, table)}) AS largest`,
    )
    for (const { place, largest } of largestRows.parse((await client.query(selects.join(' UNION ALL '))).rows))
      if (largest !== null) found.set(some[place]?.sequence ?? '', BigInt(largest))
  }
  return found
}

const largestRows = z.array(z.object({ place: z.number(), largest: z.string().nullable() }))

const sequencesSql = `
SELECT s.relname::text AS sequence, t.relname::text AS "table", a.attname::text AS "column",
  (CASE WHEN v.last_value IS NULL THEN q.seqstart ELSE v.last_value + q.seqincrement END)::text AS next
FROM pg_class s JOIN pg_sequence q ON q.seqrelid = s.oid JOIN pg_namespace n ON n.oid = s.relnamespace
JOIN pg_depend d ON d.objid = s.oid AND d.classid = 'pg_class'::regclass AND d.refclassid = 'pg_class'::regclass AND d.deptype IN ('a', 'i')
JOIN pg_class t ON t.oid = d.refobjid JOIN pg_attribute a ON a.attrelid = t.oid AND a.attnum = d.refobjsubid
JOIN pg_sequences v ON v.schemaname = n.nspname AND v.sequencename = s.relname
WHERE n.nspname = $1 AND s.relkind = 'S' ORDER BY t.relname`

/** Rows that point to nothing (SQLite), or foreign keys that nobody has proved yet (PostgreSQL). */
export async function askReferences(subject: Subject, signal: AbortSignal): Promise<Found> {
  if (subject.asksPostgres) {
    return withTarget(subject, signal, async (client, { url, label: asked }) => {
      const { rows } = await client.query<{ name: string }>(
        `SELECT conrelid::regclass::text || '.' || conname AS name FROM pg_constraint WHERE contype = 'f' AND NOT convalidated AND connamespace = to_regnamespace(quote_ident($1)) ORDER BY 1 LIMIT 20`,
        [url.schema],
      )
      if (rows.length === 0) return { finding: 'references-sound', asked }
      return { finding: 'references-unproved', asked, params: { count: rows.length }, examples: rows.map(({ name }) => name) }
    })
  }
  if (subject.sqlitePath === null) return { finding: 'source-none' }
  const rows = await runAside({ path: subject.sqlitePath, readonly: true, sql: referencesSql }, signal)
  const broken = z.array(z.object({ name: z.string(), rows: z.coerce.number() })).parse(rows)
  if (broken.length === 0) return { finding: 'references-sound', asked: subject.sqlitePath }
  return {
    finding: 'references-broken',
    asked: subject.sqlitePath,
    params: { count: broken.reduce((sum, row) => sum + row.rows, 0) },
    examples: broken.map(({ name, rows: count }) => `${name}: ${count}`),
  }
}

const referencesSql = safeSql`SELECT "table" || ' → ' || parent AS name, count(*) AS rows FROM pragma_foreign_key_check GROUP BY 1 LIMIT 20`

/** Why the app is slower on PostgreSQL than it was: indexes that are not there, tables nobody has analysed, a far server. */
export async function askSlow(subject: Subject, signal: AbortSignal): Promise<Found> {
  if (!subject.asksPostgres) return { finding: 'sqlite-active' }
  return withTarget(subject, signal, async (client, { url, label: asked }) => {
    const missing = await missingIndexes(client, url.schema, migrationsOf(subject))
    if (missing.length > 0) {
      return {
        finding: 'slow-indexes',
        asked,
        params: { count: missing.length },
        examples: missing.map(({ name, table }) => `${table}: ${name}`).slice(0, 20),
        remedy: missing.map(({ statement }) => statement).join('\n'),
        mend: 'build-indexes',
      }
    }
    const { rows: unknown } = await client.query<{ name: string }>(unanalysedSql, [url.schema])
    if (unknown.length > 0) {
      const remedy = unknown.map(({ name }) => `ANALYZE ${qualifiedName(url.schema, name)};`).join('\n')
      const examples = unknown.map(({ name }) => name).slice(0, 20)
      return { finding: 'slow-statistics', asked, params: { count: unknown.length }, examples, remedy, mend: 'analyze' }
    }
    const latencyMs = await roundTrip(client)
    if (latencyMs > farMs) return { finding: 'slow-distance', asked, params: { latencyMs: Math.round(latencyMs) } }
    return { finding: 'slow-nothing', asked, params: { latencyMs: Number(latencyMs.toFixed(1)) } }
  })
}

/** Tables with rows that neither ANALYZE nor autovacuum has looked at: the planner guesses. */
const unanalysedSql = `
SELECT c.relname::text AS name FROM pg_class c LEFT JOIN pg_stat_all_tables s ON s.relid = c.oid
WHERE c.relnamespace = to_regnamespace(quote_ident($1))::oid AND c.relkind = 'r' AND pg_relation_size(c.oid) > 65536
  AND NOT EXISTS (SELECT 1 FROM pg_statistic t WHERE t.starelid = c.oid) AND s.last_analyze IS NULL AND s.last_autoanalyze IS NULL
ORDER BY pg_relation_size(c.oid) DESC LIMIT 50`

interface MissingIndex {
  readonly name: string
  readonly table: string
  readonly statement: string
}

/** Indexes that the schema migrations make and the database has not, or has broken. */
async function missingIndexes(client: pg.Client, schema: string, folder: string): Promise<readonly MissingIndex[]> {
  const { indexes } = await readMade(folder)
  const { rows } = await client.query<{ name: string; table: string; valid: boolean }>(
    `SELECT i.relname::text AS name, t.relname::text AS "table", x.indisvalid AND x.indisready AS valid
       FROM pg_index x JOIN pg_class i ON i.oid = x.indexrelid JOIN pg_class t ON t.oid = x.indrelid
      WHERE t.relnamespace = to_regnamespace(quote_ident($1))`,
    [schema],
  )
  const valid = new Set(rows.filter((row) => row.valid).map(({ name }) => name))
  const broken = new Set(rows.filter((row) => !row.valid).map(({ name }) => name))
  const { rows: tables } = await client.query<{ name: string }>(
    `SELECT relname::text AS name FROM pg_class WHERE relnamespace = to_regnamespace(quote_ident($1)) AND relkind IN ('r', 'p')`,
    [schema],
  )
  const present = new Set(tables.map(({ name }) => name))
  return indexes
    .filter(({ name, table }) => present.has(table) && !valid.has(name))
    .map(({ name, table, unique, rest }) => {
      const create = `CREATE ${unique ? 'UNIQUE ' : ''}INDEX CONCURRENTLY ${quoteName(name)} ON ${qualifiedName(schema, table)}${rest};`
      const drop = broken.has(name) ? `DROP INDEX CONCURRENTLY ${qualifiedName(schema, name)};\n` : ''
      return { name, table, statement: `${drop}${create}` }
    })
}

interface Made {
  readonly tables: readonly string[]
  readonly indexes: readonly { readonly name: string; readonly table: string; readonly unique: boolean; readonly rest: string }[]
}

/** Tables and indexes that a folder of schema migrations leaves behind, read from their statements in order. */
export async function readMade(folder: string): Promise<Made> {
  const tables = new Set<string>()
  const indexes = new Map<string, Made['indexes'][number]>()
  for (const name of await listSchemaMigrations(folder)) {
    const script = await readFile(join(folder, name, 'migration.sql'), 'utf8')
    for (const match of script.matchAll(statements)) {
      const { table, unique, index, on, rest, gone, lost, renamed, to } = match.groups ?? {}
      if (table !== undefined) tables.add(table)
      else if (index !== undefined && on !== undefined)
        indexes.set(index, { name: index, table: on, unique: unique !== undefined, rest: (rest ?? '').trim() })
      else if (gone !== undefined) {
        tables.delete(gone)
        for (const [key, made] of indexes) if (made.table === gone) indexes.delete(key)
      } else if (lost !== undefined) indexes.delete(lost)
      else if (renamed !== undefined && to !== undefined && tables.delete(renamed)) tables.add(to)
    }
  }
  return { tables: [...tables], indexes: [...indexes.values()] }
}

const statements = new RegExp(
  [
    '^\\s*CREATE TABLE (?:IF NOT EXISTS )?"(?<table>[^"]+)"',
    '^\\s*CREATE (?<unique>UNIQUE )?INDEX (?:IF NOT EXISTS )?"(?<index>[^"]+)" ON "(?<on>[^"]+)"(?<rest>[^;]*);',
    '^\\s*DROP TABLE (?:IF EXISTS )?"(?<gone>[^"]+)"',
    '^\\s*DROP INDEX (?:IF EXISTS )?"(?<lost>[^"]+)"',
    '^\\s*ALTER TABLE "(?<renamed>[^"]+)" RENAME TO "(?<to>[^"]+)"',
  ].join('|'),
  'gm',
)

function migrationsOf({ root, asksPostgres }: Subject): string {
  return asksPostgres ? join(root, 'prisma', 'postgresql', 'migrations') : join(root, 'prisma', 'migrations')
}

async function withShape(subject: Subject, signal: AbortSignal, ask: (shape: Shape) => Promise<Found>): Promise<Found> {
  if (subject.asksPostgres) {
    return withTarget(subject, signal, async (client, { url, label }) =>
      ask({ asked: label, ...(await postgresShape(client, url.schema, subject)) }),
    )
  }
  if (subject.sqlitePath === null) return { finding: 'source-none' }
  return ask({ asked: subject.sqlitePath, ...sqliteShape(subject.sqlitePath) })
}

const historyRow = z.object({ name: z.string(), checksum: z.string(), finished: z.coerce.boolean(), rolledBack: z.coerce.boolean() })
const historyColumns = `migration_name AS name, checksum, finished_at IS NOT NULL AS finished, rolled_back_at IS NOT NULL AS "rolledBack"`

async function postgresShape(client: pg.Client, schema: string, subject: Subject): Promise<Omit<Shape, 'asked'>> {
  const { rows } = await client.query<{ schema: string; name: string }>(
    `SELECT n.nspname::text AS schema, c.relname::text AS name FROM pg_class c JOIN pg_namespace n ON n.oid = c.relnamespace
      WHERE c.relkind IN ('r', 'p', 'v', 'm', 'f') AND n.nspname NOT IN ('pg_catalog', 'information_schema', 'bascule') AND n.nspname NOT LIKE 'pg\\_%'`,
  )
  const here = rows.filter((row) => row.schema === schema).map(({ name }) => name)
  const wanted = new Set((await readMade(migrationsOf(subject))).tables)
  const elsewhere = rows.filter((row) => row.schema !== schema && wanted.has(row.name)).map((row) => `${row.schema}.${row.name}`)
  const history = here.includes('_prisma_migrations')
    ? z
        .array(historyRow)
        .parse(
          (await client.query(`SELECT ${historyColumns} FROM ${qualifiedName(schema, '_prisma_migrations')} ORDER BY started_at, 1`)).rows,
        )
    : null
  return { tables: here.filter((name) => name !== '_prisma_migrations'), history, elsewhere }
}

function sqliteShape(path: string): Omit<Shape, 'asked'> {
  const db = openSqlite(path, { readonly: true, busyTimeoutMs: 500 })
  try {
    const names = z
      .array(z.string())
      .parse(
        db
          .prepare(`SELECT name FROM sqlite_schema WHERE type IN ('table', 'view') AND name NOT LIKE 'sqlite\\_%' ESCAPE '\\'`)
          .pluck()
          .all(),
      )
    const history = names.includes('_prisma_migrations')
      ? z.array(historyRow).parse(db.prepare(`SELECT ${historyColumns} FROM _prisma_migrations ORDER BY started_at, 1`).all())
      : null
    return { tables: names.filter((name) => name !== '_prisma_migrations' && !isOwnTable(name)), history, elsewhere: [] }
  } finally {
    db.close()
  }
}

async function roundTrip(client: pg.Client): Promise<number> {
  const times: number[] = []
  for (let round = 0; round < 5; round += 1) {
    const start = performance.now()
    await client.query('SELECT 1')
    times.push(performance.now() - start)
  }
  return times.sort((a, b) => a - b)[2] ?? 0
}
