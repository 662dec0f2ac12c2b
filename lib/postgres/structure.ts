import type pg from 'pg'
import { z } from 'zod'
import type { PostgresCatalogue } from '@/lib/core/catalogue'
import { qualifiedName, quoteName } from '@/lib/core/quoted-name'
import type { Queryable } from './catalogue'
import { bookkeepingSchema } from './copy-mark'

const partKinds = ['primary', 'unique', 'exclusion', 'index', 'foreign', 'trigger'] as const

/** A key, index, reference or trigger that is taken off before the load and put back after it. */
export interface StructurePart {
  readonly table: string
  readonly name: string
  readonly kind: (typeof partKinds)[number]
  /** As pg_get_constraintdef, pg_get_indexdef and pg_get_triggerdef give it; of a trigger also the statement that sets its state. */
  readonly definition: string
}

/** Whether the part waits until no row of the copy comes any more: it would stop rows, take others along or change them. */
export function isLatePart({ kind }: StructurePart): boolean {
  return kind === 'foreign' || kind === 'trigger'
}

/**
 * Takes keys, indexes, references and triggers off the tables and remembers their definitions in the bookkeeping schema, in the
 * caller's transaction. Rows then go in at the speed of a bare table, and building an index once over all rows costs a
 * third of keeping it up row by row. A trigger of the schema's own would fire for each row that is copied and change or refuse it.
 */
export async function stripStructure(client: Queryable, catalogue: PostgresCatalogue, skip: ReadonlySet<string>): Promise<void> {
  const tables = catalogue.tables.filter((table) => !skip.has(table.name))
  const parts = tables.flatMap((table): StructurePart[] => [
    ...table.constraints.flatMap((constraint) =>
      constraint.kind === 'check'
        ? []
        : [{ table: table.name, name: constraint.name, kind: constraint.kind, definition: constraint.definition }],
    ),
    ...table.indexes.flatMap((index): StructurePart[] =>
      index.constraint === null ? [{ table: table.name, name: index.name, kind: 'index', definition: index.definition }] : [],
    ),
  ])
  parts.push(...(await readTriggers(client, catalogue.schema)).filter((trigger) => !skip.has(trigger.table)))
  if (parts.length === 0) return
  await client.query(
    `INSERT INTO ${bookkeepingSchema}.stripped (table_name, name, kind, definition) SELECT * FROM unnest($1::text[], $2::text[], $3::text[], $4::text[])`,
    [parts.map((part) => part.table), parts.map((part) => part.name), parts.map((part) => part.kind), parts.map((part) => part.definition)],
  )
  // References first: they hang on keys.
  const ordered = [...parts].sort((a, b) => Number(b.kind === 'foreign') - Number(a.kind === 'foreign'))
  const statements = ordered.map((part) =>
    part.kind === 'index'
      ? `DROP INDEX ${qualifiedName(catalogue.schema, part.name)}`
      : part.kind === 'trigger'
        ? `DROP TRIGGER ${quoteName(part.name)} ON ${qualifiedName(catalogue.schema, part.table)}`
        : `ALTER TABLE ${qualifiedName(catalogue.schema, part.table)} DROP CONSTRAINT ${quoteName(part.name)}`,
  )
  if (statements.length > 0) await client.query(statements.join(';\n'))
}

/** Triggers that the schema itself brings, of tables alone; those of a partition come with its table's. */
async function readTriggers(client: Queryable, schema: string): Promise<readonly StructurePart[]> {
  const { rows } = await client.query(
    `SELECT c.relname AS "table", g.tgname AS name, 'trigger' AS kind, pg_get_triggerdef(g.oid)
       || CASE g.tgenabled WHEN 'O' THEN '' ELSE format('; ALTER TABLE %I.%I %s TRIGGER %I', n.nspname, c.relname,
         CASE g.tgenabled WHEN 'D' THEN 'DISABLE' WHEN 'R' THEN 'ENABLE REPLICA' ELSE 'ENABLE ALWAYS' END, g.tgname) END AS definition
     FROM pg_trigger g JOIN pg_class c ON c.oid = g.tgrelid JOIN pg_namespace n ON n.oid = c.relnamespace
     WHERE n.nspname = $1 AND c.relkind IN ('r', 'p') AND NOT g.tgisinternal AND g.tgparentid = 0 ORDER BY 1, 2`,
    [schema],
  )
  return z.array(partRow).parse(rows)
}

const partRow = z.object({ table: z.string(), name: z.string(), kind: z.enum(partKinds), definition: z.string() })

/** What was taken off, in its old order. */
export async function readStripped(client: Queryable): Promise<readonly StructurePart[]> {
  const { rows } = await client.query(
    `SELECT table_name AS "table", name, kind, definition FROM ${bookkeepingSchema}.stripped ORDER BY position`,
  )
  return z.array(partRow).parse(rows)
}

/**
 * The statement that puts a part back. A reference does not look at the rows yet: that is instant, and from then on it is
 * heeded; `validating` looks.
 */
export function restoring(schema: string, part: StructurePart): string {
  if (part.kind === 'index' || part.kind === 'trigger') return part.definition
  const unchecked = part.kind === 'foreign' ? ' NOT VALID' : ''
  return `ALTER TABLE ${qualifiedName(schema, part.table)} ADD CONSTRAINT ${quoteName(part.name)} ${part.definition}${unchecked}`
}

/**
 * The two statements that put a key back while other indexes of its table are built: `ADD PRIMARY KEY` would keep them out for as long
 * as it sorts. The first builds the key's index, with a lock that such builds share; the second makes it the key, which is instant.
 * Null for what is no plain key of columns. The index is the very one that the key itself would have made
 * (https://www.postgresql.org/docs/current/sql-altertable.html, ADD table_constraint_using_index).
 */
export function restoringKey(schema: string, part: StructurePart): { readonly index: string; readonly key: string } | null {
  const plain = /^(PRIMARY KEY|UNIQUE) (\((?:[a-z_][a-z0-9_$]*|"(?:[^"]|"")+")(?:, (?:[a-z_][a-z0-9_$]*|"(?:[^"]|"")+"))*\))$/.exec(
    part.definition,
  )
  if (!plain) return null
  const [, kind, columns] = plain
  const table = qualifiedName(schema, part.table)
  const name = quoteName(part.name)
  return {
    index: `CREATE UNIQUE INDEX ${name} ON ${table} USING btree ${columns}`,
    key: `ALTER TABLE ${table} ADD CONSTRAINT ${name} ${kind} USING INDEX ${name}`,
  }
}

/** The statement that looks at every row of a reference; its lock lets others read, write and validate beside it. */
export function validating(schema: string, part: StructurePart): string {
  return `ALTER TABLE ${qualifiedName(schema, part.table)} VALIDATE CONSTRAINT ${quoteName(part.name)}`
}

/** The statements that put several parts back, for one message: somebody waits. */
export function restoringLateParts(schema: string, parts: readonly StructurePart[]): readonly string[] {
  return parts.map((part) => restoring(schema, part))
}

export async function validateReference(client: pg.Client, schema: string, part: StructurePart): Promise<void> {
  await client.query(validating(schema, part))
}

/**
 * Parts that stand on the target: true when every row was looked at, false for a reference that heeds new rows only.
 * By table and name, as `partKey` gives them.
 */
export async function readBuilt(client: Queryable, schema: string): Promise<ReadonlyMap<string, boolean>> {
  const { rows } = await client.query(
    `SELECT t.relname AS "table", c.conname AS name, 'constraint' AS kind, c.convalidated AS valid FROM pg_constraint c JOIN pg_class t ON t.oid = c.conrelid
       WHERE t.relnamespace = to_regnamespace(quote_ident($1))::oid
     UNION ALL SELECT t.relname, i.relname, 'index', x.indisvalid FROM pg_index x JOIN pg_class i ON i.oid = x.indexrelid JOIN pg_class t ON t.oid = x.indrelid
       WHERE t.relnamespace = to_regnamespace(quote_ident($1))::oid
         AND NOT EXISTS (SELECT 1 FROM pg_constraint c WHERE c.conindid = x.indexrelid AND c.conrelid = x.indrelid)
     UNION ALL SELECT t.relname, g.tgname, 'trigger', true FROM pg_trigger g JOIN pg_class t ON t.oid = g.tgrelid
       WHERE t.relnamespace = to_regnamespace(quote_ident($1))::oid AND NOT g.tgisinternal`,
    [schema],
  )
  const built = z.array(z.object({ table: z.string(), name: z.string(), kind: z.string(), valid: z.boolean() })).parse(rows)
  return new Map(built.map((part) => [partKey(part), part.valid]))
}

/** Names a part within its schema. A trigger may have the name of a constraint, and an index that of the key it is to become. */
export function partKey({ table, name, kind }: { readonly table: string; readonly name: string; readonly kind: string }): string {
  return [table, name, kind === 'trigger' || kind === 'index' ? kind : 'constraint'].join('\0')
}
