import type pg from 'pg'
import type { SqliteColumn, SqliteTable } from '@/lib/core/catalogue'
import { AppError } from '@/lib/core/errors'
import { sqlStateOf, toPostgresError } from '@/lib/postgres/connect'
import type { TablePlan } from '@/lib/schema/create-table'

/**
 * Makes a table in the caller's transaction. When PostgreSQL refuses it, each default and computed column is tried by
 * itself, and those it refuses stay behind with their findings: a default that is no value of the type, an expression
 * that is not immutable, a computed column computed from another one.
 *
 * @param plan the table without the defaults and expressions of these columns
 * @throws AppError SCHEMA_FAILED naming the table when even the bare columns are refused; TARGET_*
 */
export async function makeTable(
  client: pg.Client,
  table: SqliteTable,
  plan: (plain: ReadonlySet<string>) => TablePlan,
): Promise<TablePlan> {
  const whole = plan(new Set())
  if (await isAccepted(client, whole.create)) return whole
  const special = table.columns.filter((column) => column.generated !== null || column.defaultSql !== null)
  const plain = new Set(special.map((column) => column.name))
  for (const { name } of special) {
    plain.delete(name)
    if (!(await isAccepted(client, plan(plain).create, 'undo'))) plain.add(name)
  }
  const reduced = plan(plain)
  await makeOrName(client, table, reduced.create)
  return reduced
}

/** Adds the columns that a table of the model lacks, as `makeTable` does. */
export async function makeColumns(
  client: pg.Client,
  table: SqliteTable,
  columns: readonly SqliteColumn[],
  plan: (column: SqliteColumn, plain: boolean) => TablePlan,
): Promise<readonly TablePlan[]> {
  const plans: TablePlan[] = []
  for (const column of columns) {
    const whole = plan(column, false)
    const isWhole = await isAccepted(client, whole.create)
    const made = isWhole ? whole : plan(column, true)
    if (!isWhole) await makeOrName(client, table, made.create)
    plans.push(made)
  }
  return plans
}

/** Whether PostgreSQL takes the statement; what it made stays, or is undone at once. */
export async function isAccepted(client: pg.Client, sql: string, after: 'keep' | 'undo' = 'keep'): Promise<boolean> {
  await client.query('SAVEPOINT bascule_step')
  try {
    await client.query(sql)
    if (after === 'undo') await client.query('ROLLBACK TO SAVEPOINT bascule_step')
    await client.query('RELEASE SAVEPOINT bascule_step')
    return true
  } catch (error) {
    await client.query('ROLLBACK TO SAVEPOINT bascule_step')
    const known = toPostgresError(error, 'schema', 'SCHEMA_FAILED')
    // The server's own trouble says nothing about the statement.
    const isServerTrouble = /^(53|57|58|XX)/.test(sqlStateOf(error) ?? '')
    if (isServerTrouble || known.code === 'TARGET_CONNECTION_LOST' || known.code === 'CANCELLED') throw known
    return false
  }
}

/** Statements that are tried in one go. */
const triedAtOnce = 100

/**
 * Which of the statements PostgreSQL takes, one after the other; what they made stays. A whole batch is sent at once, and
 * only one that is refused is cut in two: 500 tables have 2,000 parts, of which mostly none is refused.
 */
export async function findAccepted(client: pg.Client, statements: readonly string[]): Promise<readonly boolean[]> {
  const accepted: boolean[] = []
  for (let from = 0; from < statements.length; from += triedAtOnce) {
    accepted.push(...(await tryBatch(client, statements.slice(from, from + triedAtOnce))))
  }
  return accepted
}

async function tryBatch(client: pg.Client, statements: readonly string[]): Promise<readonly boolean[]> {
  if (statements.length === 0) return []
  // Each on a line of its own: what ends in a comment must not take the next one along.
  if (await isAccepted(client, statements.join('\n;\n'))) return statements.map(() => true)
  if (statements.length === 1) return [false]
  const half = Math.ceil(statements.length / 2)
  const first = await tryBatch(client, statements.slice(0, half))
  return [...first, ...(await tryBatch(client, statements.slice(half)))]
}

/** Runs a statement that nothing can be left out of any more; a refusal names the table. */
async function makeOrName(client: pg.Client, table: SqliteTable, sql: string): Promise<void> {
  try {
    await client.query(sql)
  } catch (cause) {
    const known = toPostgresError(cause, table.name, 'SCHEMA_FAILED')
    if (known.code !== 'SCHEMA_FAILED') throw known
    throw new AppError({
      code: 'SCHEMA_FAILED',
      operation: 'make the schema',
      subject: table.name,
      message: `PostgreSQL does not accept the table ${table.name}: ${cause instanceof Error ? cause.message : String(cause)}.`,
      hint: 'Correct in the source what the message names, or give the app’s Prisma schema with --schema.',
      cause,
    })
  }
}
