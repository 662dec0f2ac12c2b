import { z } from 'zod'
import type { PostgresCatalogue, SqliteCatalogue, SqliteTable } from '@/lib/core/catalogue'
import { AppError } from '@/lib/core/errors'
import { createFinding, type Finding } from '@/lib/core/finding'
import { quoteName, type SafeSql, safeSql } from '@/lib/core/quoted-name'
import { runAside } from '@/lib/sqlite/run-aside'

const answer = z.array(z.object({ rows: z.number(), first: z.union([z.number(), z.string(), z.null()]) }))

/**
 * Rows that break a CHECK constraint of their own table: written before the constraint was, or with
 * `ignore_check_constraints`. PostgreSQL would refuse them in mid-copy. Asked with the constraint's own expression, since
 * integrity_check says nothing of them in SQLite 3.51. Where the target has no CHECK on the table they are a note.
 */
export async function findBrokenChecks(
  path: string,
  source: SqliteCatalogue,
  target: PostgresCatalogue,
  signal: AbortSignal,
): Promise<readonly Finding[]> {
  const checked = new Set(
    target.tables.filter(({ constraints }) => constraints.some(({ kind }) => kind === 'check')).map(({ name }) => name),
  )
  const questions = source.tables.flatMap((table) => table.checks.map(({ expression }) => ({ table, expression })))
  const findings: Finding[] = []
  for (let from = 0; from < questions.length; from += questionsAtOnce) {
    const some = questions.slice(from, from + questionsAtOnce)
    for (const { table, expression } of await findDoubtful(path, some, signal)) {
      findings.push(...(await findBroken(path, table, expression, checked.has(table.name), signal)))
    }
  }
  return findings
}

interface Question {
  readonly table: SqliteTable
  readonly expression: string
}

/** A process of its own for each of 500 constraints took 30 seconds and more; SQLite takes 500 parts of a compound SELECT. */
const questionsAtOnce = 200

const brokenRow = z.object({ number: z.number() })

/** The constraints that some row breaks, asked for all at once; all of them where one cannot be asked. */
async function findDoubtful(path: string, questions: readonly Question[], signal: AbortSignal): Promise<readonly Question[]> {
  if (questions.length <= 1) return questions
  const parts = questions.map(
    ({ table, expression }, number) =>
      safeSql`SELECT ${number} AS number WHERE EXISTS (SELECT 1 FROM ${quoteName(table.name)} WHERE NOT (${expression as SafeSql}))`,
  )
  try {
    const rows = await runAside({ path, readonly: true, sql: parts.join(' UNION ALL ') as SafeSql }, signal)
    const broken = new Set(
      z
        .array(brokenRow)
        .parse(rows)
        .map(({ number }) => number),
    )
    return questions.filter((_, number) => broken.has(number))
  } catch (error) {
    if (!(error instanceof AppError) || error.code !== 'SOURCE_UNREADABLE') throw error
    const half = Math.ceil(questions.length / 2)
    return [...(await findDoubtful(path, questions.slice(0, half), signal)), ...(await findDoubtful(path, questions.slice(half), signal))]
  }
}

async function findBroken(
  path: string,
  table: SqliteTable,
  expression: string,
  isKept: boolean,
  signal: AbortSignal,
): Promise<readonly Finding[]> {
  const first = table.withoutRowid ? safeSql`NULL` : safeSql`min(${quoteName(table.rowidColumn ?? 'rowid')})`
  // The expression is what SQLite itself evaluates at every write to this table; NULL is no breach.
  const sql = safeSql`SELECT count(*) AS rows, ${first} AS first FROM ${quoteName(table.name)} WHERE NOT (${expression as SafeSql})`
  const rows = await runAside({ path, readonly: true, sql }, signal).catch((error: unknown) => {
    // An expression over functions that only the app defines: SQLite cannot ask it here, nor is it kept on the target.
    if (error instanceof AppError && error.code === 'SOURCE_UNREADABLE') return []
    throw error
  })
  const [found] = answer.parse(rows)
  if (!found || found.rows === 0) return []
  const key = found.first === null ? null : { [table.rowidColumn ?? 'rowid']: String(found.first) }
  return [
    createFinding({
      code: 'CHECK_VIOLATED',
      severity: isKept ? 'blocks' : 'note',
      table: table.name,
      key,
      sampleKeys: key === null ? [] : [key],
      count: found.rows,
      shape: `CHECK (${expression})`,
      params: { sql: `SELECT * FROM ${quoteName(table.name)} WHERE NOT (${expression})` },
      message: `${found.rows} ${found.rows === 1 ? 'row breaks' : 'rows break'} a CHECK constraint of their own table; PostgreSQL would refuse them.`,
      hint: `Correct these rows (SELECT * FROM ${quoteName(table.name)} WHERE NOT (${expression})), or drop the constraint, then start again.`,
    }),
  ]
}
