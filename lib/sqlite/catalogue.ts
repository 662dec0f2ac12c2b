import { z } from 'zod'
import type {
  ForeignKey,
  IndexPart,
  ReferentialAction,
  SqliteCatalogue,
  SqliteColumn,
  SqliteIndex,
  SqliteObject,
  SqliteTable,
} from '@/lib/core/catalogue'
import { isReservedTable, isReservedTrigger } from '@/lib/core/reserved-names'
import { parseCreateIndex, parseCreateTable } from './create-statement'
import type { SqliteDatabase } from './open-database'
import { refuseOwnCollations } from './own-collations'

const masterRow = z.object({ type: z.string(), name: z.string(), tbl_name: z.string(), sql: z.string().nullable() })
const tableListRow = z.object({ name: z.string(), type: z.string(), wr: z.number(), strict: z.number() })
const columnRow = z.object({
  name: z.string(),
  type: z.string(),
  notnull: z.number(),
  dflt_value: z.string().nullable(),
  pk: z.number(),
  hidden: z.number(),
})
const indexRow = z.object({ name: z.string(), unique: z.number(), origin: z.string(), partial: z.number() })
const indexPartRow = z.object({
  cid: z.number(),
  name: z.string().nullable(),
  desc: z.number(),
  coll: z.string().nullable(),
  key: z.number(),
})
const foreignKeyRow = z.object({
  id: z.number(),
  seq: z.number(),
  table: z.string(),
  from: z.string(),
  to: z.string().nullable(),
  on_update: z.string(),
  on_delete: z.string(),
})
const sequenceRow = z.object({ name: z.string(), seq: z.bigint().nullable() })

type MasterRow = z.infer<typeof masterRow>
type TableListRow = z.infer<typeof tableListRow>

/**
 * Everything the file holds, read inside one transaction so that it is of one moment.
 * What is ours (`reserved-names`) and `sqlite_*` are left out.
 *
 * @throws AppError SOURCE_UNREADABLE for a collation that SQLite does not have
 */
export function readSqliteCatalogue(db: SqliteDatabase): SqliteCatalogue {
  return db.transaction(() => {
    const master = z.array(masterRow).parse(db.prepare('SELECT type, name, tbl_name, sql FROM sqlite_master').all())
    const listed = z
      .array(tableListRow)
      .parse(db.prepare(`SELECT name, type, wr, strict FROM pragma_table_list WHERE schema = 'main'`).all())
    const sqlOf = new Map(master.filter((row) => row.type === 'table').map((row) => [row.name, row.sql ?? '']))
    const indexSql = new Map(master.filter((row) => row.type === 'index').map((row) => [row.name, row.sql]))
    const sequences = readSequences(db)
    const tables = listed
      .filter((row) => row.type === 'table' && !isReservedTable(row.name))
      .map((row) => readTable(db, row, sqlOf.get(row.name) ?? '', indexSql, sequences.get(row.name) ?? null))
    refuseOwnCollations(db, tables)
    return {
      tables: tables
        .map((table) => ({ ...table, foreignKeys: resolveReferences(table, tables) }))
        .sort((a, b) => compareNames(a.name, b.name)),
      others: readOthers(master, listed),
      schemaVersion: pragmaNumber(db, 'schema_version'),
      encoding: String(db.pragma('encoding', { simple: true })),
      pageSize: pragmaNumber(db, 'page_size'),
      pageCount: pragmaNumber(db, 'page_count'),
      journalMode: String(db.pragma('journal_mode', { simple: true })),
      version: z.object({ version: z.string() }).parse(db.prepare('SELECT sqlite_version() AS version').get()).version,
    }
  })()
}

function compareNames(a: string, b: string): number {
  return a < b ? -1 : a > b ? 1 : 0
}

function pragmaNumber(db: SqliteDatabase, name: string): number {
  return z.number().parse(db.pragma(name, { simple: true }))
}

function readTable(
  db: SqliteDatabase,
  row: TableListRow,
  sql: string,
  indexSql: ReadonlyMap<string, string | null>,
  sequence: bigint | null,
): SqliteTable {
  const details = parseCreateTable(sql)
  // 1 is a hidden column of a virtual table, which an ordinary table never has.
  const rows = z.array(columnRow).parse(db.prepare('SELECT * FROM pragma_table_xinfo(?)').all(row.name))
  const columns = rows.map((column): SqliteColumn => {
    const expression = details.generated.get(column.name.toLowerCase())
    const isGenerated = column.hidden === 2 || column.hidden === 3
    return {
      name: column.name,
      // A generated column's type carries "GENERATED ALWAYS" behind it.
      declaredType: column.type.toUpperCase().replace(/\s*GENERATED ALWAYS$/, ''),
      notNull: column.notnull === 1,
      defaultSql: isGenerated ? null : column.dflt_value,
      generated: isGenerated ? { expression: expression ?? '', stored: column.hidden === 3 } : null,
      collation: details.collations.get(column.name.toLowerCase()) ?? 'BINARY',
    }
  })
  const keyColumns = rows.filter((column) => column.pk > 0).sort((a, b) => a.pk - b.pk)
  const indexes = z.array(indexRow).parse(db.prepare('SELECT * FROM pragma_index_list(?)').all(row.name))
  return {
    name: row.name,
    sql,
    columns,
    primaryKey: keyColumns.map((column) => column.name),
    rowidColumn: rowidAlias(keyColumns, row.wr === 1, indexes),
    withoutRowid: row.wr === 1,
    strict: row.strict === 1,
    autoIncrement: details.autoIncrement,
    indexes: indexes
      .filter((index) => index.origin !== 'pk')
      .map((index) => readIndex(db, index, indexSql.get(index.name) ?? null))
      .sort((a, b) => compareNames(a.name, b.name)),
    foreignKeys: readForeignKeys(db, row.name, details.foreignKeys),
    checks: details.checks,
    sequence,
  }
}

/**
 * INTEGER PRIMARY KEY is the rowid itself, unless declared DESC, in which case SQLite makes an index for it:
 * so the alias is the one integer key column of a table that has no index of origin pk.
 */
function rowidAlias(
  keyColumns: readonly z.infer<typeof columnRow>[],
  withoutRowid: boolean,
  indexes: readonly z.infer<typeof indexRow>[],
): string | null {
  const [column] = keyColumns
  if (withoutRowid || !column || keyColumns.length !== 1 || indexes.some((index) => index.origin === 'pk')) return null
  return column.type.toUpperCase() === 'INTEGER' ? column.name : null
}

function readIndex(db: SqliteDatabase, index: z.infer<typeof indexRow>, sql: string | null): SqliteIndex {
  const details = sql === null ? null : parseCreateIndex(sql)
  const parts = z
    .array(indexPartRow)
    .parse(db.prepare('SELECT * FROM pragma_index_xinfo(?)').all(index.name))
    .filter((part) => part.key === 1)
    .map(
      (part, position): IndexPart => ({
        column: part.cid >= 0 ? part.name : null,
        // cid -1 is the rowid, -2 an expression.
        expression: part.cid >= 0 ? null : (details?.expressions[position] ?? null),
        descending: part.desc === 1,
        collation: (part.coll ?? 'BINARY').toUpperCase(),
      }),
    )
  return {
    name: index.name,
    unique: index.unique === 1,
    origin: index.origin === 'u' ? 'unique' : 'index',
    parts,
    where: details?.where ?? null,
  }
}

function readForeignKeys(
  db: SqliteDatabase,
  table: string,
  written: readonly { readonly name: string | null; readonly deferred: boolean }[],
): readonly ForeignKey[] {
  const rows = z.array(foreignKeyRow).parse(db.prepare('SELECT * FROM pragma_foreign_key_list(?)').all(table))
  const ids = [...new Set(rows.map((row) => row.id))].sort((a, b) => b - a)
  // The pragma numbers foreign keys from the last one written to the first.
  return ids.flatMap((id, position) => {
    const parts = rows.filter((row) => row.id === id).sort((a, b) => a.seq - b.seq)
    const [first] = parts
    if (!first) return []
    return {
      name: written[position]?.name ?? null,
      columns: parts.map((part) => part.from),
      referencedTable: first.table,
      referencedColumns: parts.flatMap((part) => part.to ?? []),
      onUpdate: action(first.on_update),
      onDelete: action(first.on_delete),
      deferred: written[position]?.deferred ?? false,
    }
  })
}

const actions: readonly ReferentialAction[] = ['NO ACTION', 'RESTRICT', 'SET NULL', 'SET DEFAULT', 'CASCADE']

function action(text: string): ReferentialAction {
  return actions.find((known) => known === text.toUpperCase()) ?? 'NO ACTION'
}

/** SQLite compares names without regard to ASCII case: the referenced table and columns get their real spelling. */
function resolveReferences(table: SqliteTable, tables: readonly SqliteTable[]): readonly ForeignKey[] {
  return table.foreignKeys.map((key) => {
    const referenced = tables.find((other) => other.name.toLowerCase() === key.referencedTable.toLowerCase())
    if (!referenced) return key
    const names = key.referencedColumns.length > 0 ? key.referencedColumns : referenced.primaryKey
    return {
      ...key,
      columns: key.columns.map((name) => spelling(table, name)),
      referencedTable: referenced.name,
      referencedColumns: names.map((name) => spelling(referenced, name)),
    }
  })
}

function spelling(table: SqliteTable, name: string): string {
  return table.columns.find((column) => column.name.toLowerCase() === name.toLowerCase())?.name ?? name
}

function readSequences(db: SqliteDatabase): ReadonlyMap<string, bigint> {
  const exists = db.prepare(`SELECT 1 FROM sqlite_master WHERE name = 'sqlite_sequence'`).get()
  if (!exists) return new Map()
  const rows = z.array(sequenceRow).parse(
    db
      // A number that somebody wrote as a text counts for SQLite too; what is none counts as zero.
      .prepare('SELECT name, CAST(seq AS INTEGER) AS seq FROM sqlite_sequence WHERE name IS NOT NULL')
      .safeIntegers()
      .all(),
  )
  return new Map(rows.flatMap((row) => (row.seq === null ? [] : [[row.name, row.seq] as const])))
}

function readOthers(master: readonly MasterRow[], listed: readonly TableListRow[]): readonly SqliteObject[] {
  const virtual = listed.filter((row) => row.type === 'virtual').map((row) => row.name)
  const ownerOf = (shadow: string) => virtual.find((name) => shadow.startsWith(`${name}_`)) ?? null
  return [
    ...master.filter((row) => row.type === 'view').map((row): SqliteObject => ({ kind: 'view', name: row.name, table: null })),
    ...master
      .filter((row) => row.type === 'trigger' && !isReservedTrigger(row.name))
      .map((row): SqliteObject => ({ kind: 'trigger', name: row.name, table: row.tbl_name })),
    ...virtual.map((name): SqliteObject => ({ kind: 'virtual-table', name, table: null })),
    ...listed
      .filter((row) => row.type === 'shadow')
      .map((row): SqliteObject => ({ kind: 'shadow-table', name: row.name, table: ownerOf(row.name) })),
  ]
}
