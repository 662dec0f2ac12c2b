import type pg from 'pg'
import { z } from 'zod'
import type { PostgresCatalogue } from '@/lib/core/catalogue'
import { qualifiedName, quoteName } from '@/lib/core/quoted-name'
import type { Queryable } from './catalogue'
import { bookkeepingSchema } from './copy-mark'

const partKinds = ['primary', 'unique', 'exclusion', 'index', 'foreign'] as const

/** A key, index or reference that is taken off before the load and put back after it. */
export interface StructurePart {
  readonly table: string
  readonly name: string
  readonly kind: (typeof partKinds)[number]
  /** As pg_get_constraintdef and pg_get_indexdef give it. */
  readonly definition: string
}

/**
 * Takes keys, indexes and references off the tables and remembers their definitions in the bookkeeping schema, in the
 * caller's transaction. Rows then go in at the speed of a bare table, and building an index once over all rows costs a
 * third of keeping it up row by row.
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
      : `ALTER TABLE ${qualifiedName(catalogue.schema, part.table)} DROP CONSTRAINT ${quoteName(part.name)}`,
  )
  if (statements.length > 0) await client.query(statements.join(';\n'))
}

/** What was taken off, in its old order. */
export async function readStripped(client: Queryable): Promise<readonly StructurePart[]> {
  const { rows } = await client.query(
    `SELECT table_name AS "table", name, kind, definition FROM ${bookkeepingSchema}.stripped ORDER BY position`,
  )
  return z.array(z.object({ table: z.string(), name: z.string(), kind: z.enum(partKinds), definition: z.string() })).parse(rows)
}

/** Puts one key or index back. References are put back with `restoreReference` and checked with `validateReference`. */
export async function restorePart(client: pg.Client, schema: string, part: StructurePart): Promise<void> {
  if (part.kind === 'index') await client.query(part.definition)
  else await client.query(`ALTER TABLE ${qualifiedName(schema, part.table)} ADD CONSTRAINT ${quoteName(part.name)} ${part.definition}`)
}

/** Puts a reference back without looking at the rows: instant, and from then on heeded. */
export async function restoreReference(client: pg.Client, schema: string, part: StructurePart): Promise<void> {
  await client.query(`ALTER TABLE ${qualifiedName(schema, part.table)} ADD CONSTRAINT ${quoteName(part.name)} ${part.definition} NOT VALID`)
}

/** All of them in one go: for when somebody waits. */
export async function restoreReferences(client: pg.Client, schema: string, parts: readonly StructurePart[]): Promise<void> {
  const statements = parts.map(
    (part) => `ALTER TABLE ${qualifiedName(schema, part.table)} ADD CONSTRAINT ${quoteName(part.name)} ${part.definition} NOT VALID`,
  )
  if (statements.length > 0) await client.query(statements.join(';\n'))
}

/** Looks at every row of a reference; its lock lets others read, write and validate beside it. */
export async function validateReference(client: pg.Client, schema: string, part: StructurePart): Promise<void> {
  await client.query(`ALTER TABLE ${qualifiedName(schema, part.table)} VALIDATE CONSTRAINT ${quoteName(part.name)}`)
}

/**
 * Parts that stand on the target: true when every row was looked at, false for a reference that heeds new rows only.
 * By table and name, as `partKey` gives them.
 */
export async function readBuilt(client: Queryable, schema: string): Promise<ReadonlyMap<string, boolean>> {
  const { rows } = await client.query(
    `SELECT t.relname AS "table", c.conname AS name, c.convalidated AS valid FROM pg_constraint c JOIN pg_class t ON t.oid = c.conrelid
       WHERE t.relnamespace = to_regnamespace(quote_ident($1))::oid
     UNION ALL SELECT t.relname, i.relname, x.indisvalid FROM pg_index x JOIN pg_class i ON i.oid = x.indexrelid JOIN pg_class t ON t.oid = x.indrelid
       WHERE t.relnamespace = to_regnamespace(quote_ident($1))::oid
         AND NOT EXISTS (SELECT 1 FROM pg_constraint c WHERE c.conindid = x.indexrelid AND c.conrelid = x.indrelid)`,
    [schema],
  )
  const built = z.array(z.object({ table: z.string(), name: z.string(), valid: z.boolean() })).parse(rows)
  return new Map(built.map((part) => [partKey(part), part.valid]))
}

/** Names a part within its schema. */
export function partKey(part: { readonly table: string; readonly name: string }): string {
  return `${part.table}\0${part.name}`
}
