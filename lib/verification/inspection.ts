import type pg from 'pg'
import type { PostgresCatalogue, SqliteCatalogue } from '@/lib/core/catalogue'
import { AppError } from '@/lib/core/errors'
import type { TableMapping } from '@/lib/core/table-mapping'
import { readPostgresCatalogue } from '@/lib/postgres/catalogue'
import { connectPostgres } from '@/lib/postgres/connect'
import { schemaOf } from '@/lib/postgres/target-url'
import { mapTables } from '@/lib/schema/map-tables'
import { readSqliteCatalogue } from '@/lib/sqlite/catalogue'
import { openSqlite, type SqliteDatabase } from '@/lib/sqlite/open-database'
import { withComparisonKey } from './comparison-key'

/** Both databases open for looking, in sessions that cannot write. */
export interface Inspection {
  readonly db: SqliteDatabase
  readonly client: pg.Client
  readonly source: SqliteCatalogue
  readonly target: PostgresCatalogue
  readonly mappings: readonly TableMapping[]
}

/** A look must not keep a server busy: a statement is given up after this. */
const statementTimeoutMs = 15_000

/**
 * Opens both databases for reading, for the time of `use`. Writing is impossible in the sessions themselves, whatever
 * statement should come there: SQLite's file is opened read-only with `query_only`, and PostgreSQL's session has
 * `default_transaction_read_only` on and is inside a READ ONLY transaction, which cannot be turned back once it has read.
 *
 * @throws AppError SOURCE_*, TARGET_*
 */
export async function withInspection<T>(
  sides: { readonly sourcePath: string; readonly targetUrl: string },
  signal: AbortSignal,
  use: (inspection: Inspection) => Promise<T>,
): Promise<T> {
  const db = openSqlite(sides.sourcePath, { readonly: true })
  try {
    db.pragma('query_only = ON')
    db.exec('BEGIN')
    const client = await connectPostgres(sides.targetUrl, { applicationName: 'bascule look inside', signal })
    try {
      await client.query('SET SESSION CHARACTERISTICS AS TRANSACTION READ ONLY')
      await client.query('BEGIN ISOLATION LEVEL REPEATABLE READ READ ONLY')
      await client.query(`SET LOCAL statement_timeout = ${statementTimeoutMs}`)
      const source = readSqliteCatalogue(db)
      const target = await readPostgresCatalogue(client, schemaOf(sides.targetUrl))
      return await use({ db, client, source, target, mappings: findRowsBy(source, mapTables(source, target).tables) })
    } finally {
      await client.end().catch(() => undefined)
    }
  } finally {
    db.close()
  }
}

function findRowsBy(source: SqliteCatalogue, mappings: readonly TableMapping[]): readonly TableMapping[] {
  return mappings.map((mapping) => {
    const table = source.tables.find(({ name }) => name === mapping.table)
    return table ? withComparisonKey(mapping, table) : mapping
  })
}

/** A table that both sides have. @throws AppError NOT_FOUND */
export function inspectedTable({ source, mappings }: Inspection, name: string) {
  const table = source.tables.find((candidate) => candidate.name === name)
  const mapping = mappings.find((candidate) => candidate.table === name)
  if (table && mapping) return { table, mapping }
  throw new AppError({
    code: 'NOT_FOUND',
    operation: 'look at a table',
    subject: name,
    message: 'This table is not on both sides.',
    hint: 'Choose another table.',
  })
}
