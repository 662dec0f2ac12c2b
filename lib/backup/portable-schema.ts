import { z } from 'zod'
import type { PostgresCatalogue, PostgresTable } from '@/lib/core/catalogue'
import { quoteName, quoteNames, quoteText } from '@/lib/core/quoted-name'
import type { Queryable } from '@/lib/postgres/catalogue'
import { ownTriggers } from '@/lib/postgres/structure-record'

/** The SQL of a portable dump. Names of the dumped schema stand unqualified: whoever restores sets the search path. */
export interface PortableSchema {
  /** Types, sequences and bare tables, before the rows. */
  readonly before: string
  /** Keys, indexes, references and the state of the sequences, after the rows. */
  readonly after: string
  /** Columns of each table that rows are written with: all but generated ones. */
  readonly columnsOf: ReadonlyMap<string, readonly string[]>
  /** What the database has and these scripts do not. */
  readonly leftOut: readonly string[]
}

const columnRow = z.object({
  table: z.string(),
  name: z.string(),
  type: z.string(),
  notNull: z.boolean(),
  expression: z.string().nullable(),
  generated: z.string(),
  identity: z.string(),
  collation: z.string().nullable(),
  sequence: z.string().nullable(),
})
type Column = z.infer<typeof columnRow>

const columnsSql = `
SELECT c.relname AS "table", a.attname AS name, format_type(a.atttypid, a.atttypmod) AS type, a.attnotnull AS "notNull",
  pg_get_expr(d.adbin, d.adrelid) AS expression, a.attgenerated::text AS generated, a.attidentity::text AS identity,
  CASE WHEN a.attcollation <> t.typcollation AND a.attcollation <> 0
    THEN quote_ident(cn.nspname) || '.' || quote_ident(co.collname) END AS collation,
  s.relname AS sequence
FROM pg_attribute a
JOIN pg_class c ON c.oid = a.attrelid
JOIN pg_type t ON t.oid = a.atttypid
LEFT JOIN pg_attrdef d ON d.adrelid = a.attrelid AND d.adnum = a.attnum
LEFT JOIN pg_collation co ON co.oid = a.attcollation
LEFT JOIN pg_namespace cn ON cn.oid = co.collnamespace
LEFT JOIN pg_depend p ON p.refobjid = a.attrelid AND p.refobjsubid = a.attnum AND p.refclassid = 'pg_class'::regclass
  AND p.classid = 'pg_class'::regclass AND p.deptype IN ('a', 'i') AND EXISTS (SELECT 1 FROM pg_class q WHERE q.oid = p.objid AND q.relkind = 'S')
LEFT JOIN pg_class s ON s.oid = p.objid
WHERE c.relnamespace = to_regnamespace($1)::oid AND c.relkind IN ('r', 'p') AND NOT c.relispartition AND a.attnum > 0 AND NOT a.attisdropped
ORDER BY c.relname COLLATE "C", a.attnum`

const sequenceRow = z.object({
  name: z.string(),
  type: z.string(),
  start: z.string(),
  min: z.string(),
  max: z.string(),
  step: z.string(),
  cycle: z.boolean(),
  last: z.string().nullable(),
})

const sequencesSql = `
SELECT sequencename AS name, data_type::text AS type, start_value::text AS start, min_value::text AS min, max_value::text AS max,
  increment_by::text AS step, cycle, last_value::text AS last
FROM pg_sequences WHERE schemaname = $1 ORDER BY sequencename`

const leftOutSql = `
SELECT what FROM (
  SELECT 'view ' || relname AS what FROM pg_class WHERE relnamespace = to_regnamespace($1)::oid AND relkind = 'v'
  UNION ALL SELECT 'materialized view ' || relname FROM pg_class WHERE relnamespace = to_regnamespace($1)::oid AND relkind = 'm'
  UNION ALL SELECT 'partition ' || relname FROM pg_class WHERE relnamespace = to_regnamespace($1)::oid AND relispartition AND relkind = 'r'
  UNION ALL SELECT 'foreign table ' || relname FROM pg_class WHERE relnamespace = to_regnamespace($1)::oid AND relkind = 'f'
  UNION ALL SELECT 'function ' || p.proname FROM pg_proc p WHERE p.pronamespace = to_regnamespace($1)::oid
    AND NOT EXISTS (SELECT 1 FROM pg_depend d WHERE d.objid = p.oid AND d.deptype = 'e')
  UNION ALL SELECT 'domain ' || typname FROM pg_type t WHERE typnamespace = to_regnamespace($1)::oid AND typtype = 'd'
    AND NOT EXISTS (SELECT 1 FROM pg_depend d WHERE d.objid = t.oid AND d.deptype = 'e')
  UNION ALL SELECT 'trigger ' || tgname || ' on ' || c.relname FROM pg_trigger g JOIN pg_class c ON c.oid = g.tgrelid
    WHERE c.relnamespace = to_regnamespace($1)::oid AND NOT tgisinternal AND tgname NOT IN ${ownTriggers}
  UNION ALL SELECT 'policy ' || policyname || ' on ' || tablename FROM pg_policies WHERE schemaname = $1
) found ORDER BY what LIMIT 200`

/** Reads structure from PostgreSQL's own definitions, in the caller's snapshot, whose search path is this schema alone. */
export async function readPortableSchema(client: Queryable, catalogue: PostgresCatalogue): Promise<PortableSchema> {
  const { schema, tables, enums } = catalogue
  const quoted = quoteName(schema)
  const columns = z.array(columnRow).parse((await client.query(columnsSql, [quoted])).rows)
  const sequences = z.array(sequenceRow).parse((await client.query(sequencesSql, [schema])).rows)
  const leftOut = z
    .array(z.object({ what: z.string() }))
    .parse((await client.query(leftOutSql.replaceAll('schemaname = $1', 'schemaname = $2'), [quoted, schema])).rows)
  const extensions = z
    .array(z.object({ name: z.string() }))
    .parse((await client.query(`SELECT extname AS name FROM pg_extension WHERE extname <> 'plpgsql' ORDER BY extname`)).rows)
  const columnsOf = new Map(tables.map((table) => [table.name, columns.filter((column) => column.table === table.name)]))
  const identities = new Set(columns.filter((column) => column.identity !== '').map((column) => column.sequence))
  const before = [
    ...extensions.map(({ name }) => `CREATE EXTENSION IF NOT EXISTS ${quoteName(name)}`),
    ...enums.map(({ name, labels }) => `CREATE TYPE ${quoteName(name)} AS ENUM (${labels.map(quoteText).join(', ')})`),
    ...sequences.filter(({ name }) => !identities.has(name)).map(createSequence),
    ...tables.map((table) => createTable(table.name, columnsOf.get(table.name) ?? [])),
  ]
  const after = [
    ...ordered(tables).map(
      ({ table, name, definition }) => `ALTER TABLE ${quoteName(table)} ADD CONSTRAINT ${quoteName(name)} ${definition}`,
    ),
    ...tables.flatMap((table) =>
      table.indexes.filter(({ constraint }) => constraint === null).map(({ definition }) => unqualified(definition, schema)),
    ),
    ...columns.flatMap(({ table, name, identity, sequence }) =>
      sequence !== null && identity === '' ? [`ALTER SEQUENCE ${quoteName(sequence)} OWNED BY ${quoteName(table)}.${quoteName(name)}`] : [],
    ),
    ...sequences.flatMap(({ name, last }) =>
      last === null ? [] : [`SELECT setval(${quoteText(quoteName(name))}::regclass, ${BigInt(last)}, true)`],
    ),
    ...foreign(tables).map(
      ({ table, name, definition }) => `ALTER TABLE ${quoteName(table)} ADD CONSTRAINT ${quoteName(name)} ${definition}`,
    ),
  ]
  return {
    before: script(before),
    after: script(after),
    columnsOf: new Map(
      [...columnsOf].map(([table, list]) => [table, list.filter(({ generated }) => generated === '').map(({ name }) => name)]),
    ),
    leftOut: leftOut.map(({ what }) => what),
  }
}

/** The script for psql that ties the parts together, run in the folder where they lie. */
export function restoreScript(schema: string, tables: readonly string[], columnsOf: PortableSchema['columnsOf']): string {
  const copies = tables.map((table, index) => `\\copy ${copyTarget(table, columnsOf)} FROM '${dataMember(index)}'`)
  return [
    '\\set ON_ERROR_STOP on',
    'BEGIN;',
    `CREATE SCHEMA IF NOT EXISTS ${quoteName(schema)};`,
    `SET search_path TO ${quoteName(schema)};`,
    `SET client_encoding TO 'UTF8';`,
    'SET standard_conforming_strings TO on;',
    `SET DateStyle TO 'ISO, YMD';`,
    `SET IntervalStyle TO 'postgres';`,
    `SET TimeZone TO 'UTC';`,
    '\\i schema.sql',
    ...copies,
    '\\i structure.sql',
    'COMMIT;',
    '',
  ].join('\n')
}

/** A table with its columns, as COPY wants it. A table without columns has no list. */
export function copyTarget(table: string, columnsOf: PortableSchema['columnsOf']): string {
  const columns = columnsOf.get(table) ?? []
  return columns.length === 0 ? quoteName(table) : `${quoteName(table)} (${quoteNames(columns)})`
}

/** The file of a table's rows, by its place in the manifest's list. */
export function dataMember(index: number): string {
  return `data/${String(index + 1).padStart(4, '0')}.copy`
}

function createTable(table: string, columns: readonly Column[]): string {
  const lines = columns.map((column) => {
    const parts = [quoteName(column.name), column.type]
    if (column.collation !== null) parts.push(`COLLATE ${column.collation}`)
    if (column.generated !== '') parts.push(`GENERATED ALWAYS AS (${column.expression}) ${column.generated === 'v' ? 'VIRTUAL' : 'STORED'}`)
    else if (column.identity !== '') {
      const name = column.sequence === null ? '' : ` (SEQUENCE NAME ${quoteName(column.sequence)})`
      parts.push(`GENERATED ${column.identity === 'a' ? 'ALWAYS' : 'BY DEFAULT'} AS IDENTITY${name}`)
    } else if (column.expression !== null) parts.push(`DEFAULT ${column.expression}`)
    if (column.notNull) parts.push('NOT NULL')
    return `  ${parts.join(' ')}`
  })
  return `CREATE TABLE ${quoteName(table)} (\n${lines.join(',\n')}\n)`
}

function createSequence({ name, type, start, min, max, step, cycle }: z.infer<typeof sequenceRow>): string {
  const bounds = `START ${BigInt(start)} INCREMENT ${BigInt(step)} MINVALUE ${BigInt(min)} MAXVALUE ${BigInt(max)}`
  return `CREATE SEQUENCE ${quoteName(name)} AS ${type} ${bounds} ${cycle ? 'CYCLE' : 'NO CYCLE'}`
}

interface Part {
  readonly table: string
  readonly name: string
  readonly definition: string
}

function ordered(tables: readonly PostgresTable[]): readonly Part[] {
  return tables.flatMap((table) =>
    table.constraints.filter(({ kind }) => kind !== 'foreign').map(({ name, definition }) => ({ table: table.name, name, definition })),
  )
}

/** Last, when every key that they lead to is there. */
function foreign(tables: readonly PostgresTable[]): readonly Part[] {
  return tables.flatMap((table) =>
    table.constraints.filter(({ kind }) => kind === 'foreign').map(({ name, definition }) => ({ table: table.name, name, definition })),
  )
}

/** pg_get_indexdef names the table with its schema, whatever the search path is. */
function unqualified(definition: string, schema: string): string {
  const plain = /^[a-z_][a-z0-9_$]*$/.test(schema) ? schema : quoteName(schema)
  for (const name of [plain, quoteName(schema)]) {
    const replaced = definition.replace(` ON ${name}.`, ' ON ').replace(` ON ONLY ${name}.`, ' ON ONLY ')
    if (replaced !== definition) return replaced
  }
  return definition
}

function script(statements: readonly string[]): string {
  return statements.map((statement) => `${statement};\n`).join('')
}
