import { randomBytes } from 'node:crypto'
import { mkdtempSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { Readable } from 'node:stream'
import { pipeline } from 'node:stream/promises'
import Database from 'better-sqlite3'
import { Client } from 'pg'
import { from as copyFrom } from 'pg-copy-streams'
import { inject } from 'vitest'
import type { Finding } from '@/lib/core/finding'
import type { ColumnMapping, TableMapping, ValueKind } from '@/lib/core/table-mapping'
import { checkTable } from '@/lib/sqlite/values/check-values'
import { copyColumns, copySelect, registerCopyFunctions } from '@/lib/sqlite/values/copy-line'
import type { RawValue } from '@/lib/sqlite/values/raw-value'

/** A SQLite file and a PostgreSQL database of a test's own. */
export interface Pair {
  readonly sqlite: Database.Database
  readonly sqlitePath: string
  readonly postgres: Client
  readonly postgresUrl: string
  close(): Promise<void>
}

export async function openPair(): Promise<Pair> {
  const folder = mkdtempSync(join(tmpdir(), 'bascule-fidelity-'))
  const sqlitePath = join(folder, 'source.db')
  const sqlite = new Database(sqlitePath)
  registerCopyFunctions(sqlite)
  const name = `fidelity_${randomBytes(6).toString('hex')}`
  const admin = new Client({ connectionString: inject('embeddedPostgresUrl') })
  await admin.connect()
  await admin.query(`CREATE DATABASE ${name} TEMPLATE template0 ENCODING 'UTF8'`)
  const url = new URL(inject('embeddedPostgresUrl'))
  url.pathname = `/${name}`
  const postgres = new Client({ connectionString: url.href })
  await postgres.connect()
  return {
    sqlite,
    sqlitePath,
    postgres,
    postgresUrl: url.href,
    close: async () => {
      await postgres.end()
      await admin.query(`DROP DATABASE ${name} WITH (FORCE)`)
      await admin.end()
      sqlite.close()
      rmSync(folder, { recursive: true, force: true })
    },
  }
}

/** A column of a test table: its declared type in SQLite and what it is on PostgreSQL. */
export interface TestColumn {
  readonly declared: string
  readonly value: ValueKind
  readonly nullable?: boolean
}

export function mappingOf(table: string, columns: Readonly<Record<string, TestColumn>>, primaryKey: readonly string[] = []): TableMapping {
  const mapped = Object.entries(columns).map(
    ([name, column]): ColumnMapping => ({
      name,
      value: column.value,
      nullable: column.nullable ?? true,
      generated: false,
      sourceType: column.declared.toUpperCase(),
    }),
  )
  return { table, targetSchema: 'public', columns: mapped, primaryKey, withoutRowid: false, rowidColumn: null }
}

/** The PostgreSQL type of a kind, as `CREATE TABLE` takes it. */
export function postgresType(value: ValueKind): string {
  switch (value.kind) {
    case 'boolean':
      return 'boolean'
    case 'integer':
      return `int${value.bits / 8}`
    case 'float':
      return `float${value.bits / 8}`
    case 'decimal':
      return value.precision === null ? 'numeric' : `numeric(${value.precision},${value.scale ?? 0})`
    case 'text':
      return value.maxLength === null ? 'text' : `${value.padded ? 'char' : 'varchar'}(${value.maxLength})`
    case 'bytes':
      return 'bytea'
    case 'json':
      return value.binary ? 'jsonb' : 'json'
    case 'timestamp':
      return `timestamp(${value.precision}) ${value.withTimeZone ? 'with' : 'without'} time zone`
    case 'date':
      return 'date'
    case 'time':
      return `time(${value.precision})`
    case 'uuid':
      return 'uuid'
    case 'enum':
      return `"${value.typeName}"`
  }
}

/** Creates the table of a mapping on PostgreSQL, with its enum types. */
export async function createTarget(postgres: Client, mapping: TableMapping): Promise<void> {
  for (const { value } of mapping.columns) {
    if (value.kind !== 'enum') continue
    await postgres.query(`DROP TYPE IF EXISTS "${value.typeName}" CASCADE`)
    await postgres.query(
      `CREATE TYPE "${value.typeName}" AS ENUM (${value.labels.map((label) => postgres.escapeLiteral(label)).join(',')})`,
    )
  }
  const columns = mapping.columns.map((column) => `${postgres.escapeIdentifier(column.name)} ${postgresType(column.value)}`)
  await postgres.query(`DROP TABLE IF EXISTS ${postgres.escapeIdentifier(mapping.table)}`)
  await postgres.query(`CREATE TABLE ${postgres.escapeIdentifier(mapping.table)} (${columns.join(', ')})`)
}

/** Sends what copySelect gives through COPY, as the engine does. */
export async function copyTable(pair: Pair, mapping: TableMapping): Promise<void> {
  const query = copySelect(mapping, { isUtf16: pair.sqlite.pragma('encoding', { simple: true }) !== 'UTF-8' })
  const lines = pair.sqlite
    .prepare(query.sql)
    .pluck()
    .iterate(...query.params) as IterableIterator<Buffer>
  const names = copyColumns(mapping).map((name) => pair.postgres.escapeIdentifier(name))
  const target = pair.postgres.query(copyFrom(`COPY ${pair.postgres.escapeIdentifier(mapping.table)} (${names.join(',')}) FROM STDIN`))
  await pipeline(Readable.from(lines), target)
}

export type Outcome =
  | { readonly status: 'refused'; readonly findings: readonly Finding[] }
  /** What PostgreSQL holds, in the text form of its type. */
  | { readonly status: 'copied'; readonly findings: readonly Finding[]; readonly text: string | null }

/** One value through one column, from `INSERT` in SQLite to the text that PostgreSQL answers. */
export async function sendValue(pair: Pair, column: TestColumn, raw: RawValue | { readonly sql: string }): Promise<Outcome> {
  const table = 'one_value'
  const mapping = mappingOf(table, { v: column })
  pair.sqlite.exec(`DROP TABLE IF EXISTS ${table}; CREATE TABLE ${table} (v ${column.declared})`)
  if (raw !== null && typeof raw === 'object' && 'sql' in raw) pair.sqlite.exec(`INSERT INTO ${table} VALUES (${raw.sql})`)
  else pair.sqlite.prepare(`INSERT INTO ${table} VALUES (?)`).run(raw)
  const findings = checkTable(pair.sqlite, mapping)
  if (findings.some((finding) => finding.severity === 'blocks')) return { status: 'refused', findings }
  await createTarget(pair.postgres, mapping)
  await copyTable(pair, mapping)
  const answer = await pair.postgres.query<{ v: string | null }>({ text: `SELECT v::text AS v FROM ${table}` })
  if (answer.rows.length !== 1) throw new Error(`${answer.rows.length} rows arrived`)
  return { status: 'copied', findings, text: answer.rows[0]?.v ?? null }
}
