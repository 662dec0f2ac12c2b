import { mkdir, statfs } from 'node:fs/promises'
import { z } from 'zod'
import type { ForeignKey, SqliteCatalogue, SqliteTable } from '@/lib/core/catalogue'
import { AppError } from '@/lib/core/errors'
import { createFinding, type Finding } from '@/lib/core/finding'
import { quoteName, quoteText, type SafeSql, safeSql } from '@/lib/core/quoted-name'
import { runAside } from '@/lib/sqlite/run-aside'
import { findDoubtfulReferences } from './doubtful-references'
import { keyFields, type RowKeys, readKeys, rowidName, selectList } from './row-keys'

const orphanRow = z.object({
  table: z.string(),
  parent: z.string(),
  fkid: z.number(),
  rows: z.number(),
})

/** Rows that refer to rows that do not exist, by reference. SQLite keeps them while foreign keys are off. */
export async function checkReferences(path: string, source: SqliteCatalogue, signal: AbortSignal): Promise<readonly Finding[]> {
  const withReferences = source.tables.filter((table) => table.foreignKeys.length > 0)
  if (withReferences.length === 0) return []
  const spelling = await findOtherSpelling(path, source, signal)
  const isSmall = source.pageCount * source.pageSize < smallFileBytes
  const doubtful = isSmall ? withReferences : await findDoubtfulReferences(path, source, signal)
  try {
    return [...spelling, ...(await findOrphans(path, source, doubtful, signal))]
  } catch (error) {
    if (!(error instanceof AppError) || error.code === 'CANCELLED') throw error
    // "foreign key mismatch": one reference to columns that are not unique stops the check of all. Table by table, then.
    const findings: Finding[] = [...spelling]
    for (const table of doubtful) {
      findings.push(...(await findOrphans(path, source, [table], signal).catch((cause: unknown) => mismatch(table, cause))))
    }
    return findings
  }
}

/** What row by row takes no longer than to ask beforehand: 500 tables of a few rows took 19 ms, and 150 with the question. */
const smallFileBytes = 16 * 1024 * 1024

/** Rows of these tables that refer to rows which do not exist, read in a process of its own; `note` where the whole table does not. */
export async function findOrphans(
  path: string,
  source: SqliteCatalogue,
  tables: readonly SqliteTable[],
  signal: AbortSignal,
): Promise<readonly Finding[]> {
  if (tables.length === 0) return []
  const names = tables.map(({ name }) => safeSql`(${quoteText(name)})`).join(', ') as SafeSql
  const sql = safeSql`WITH asked(name) AS (VALUES ${names})
    SELECT "table", parent, fkid, count(*) AS rows FROM asked, pragma_foreign_key_check(asked.name) GROUP BY 1, 2, 3`
  const rows = z.array(orphanRow).parse(await runAside({ path, readonly: true, sql }, signal))
  const findings: Finding[] = []
  for (const row of rows) {
    const table = source.tables.find((candidate) => candidate.name === row.table)
    const parent = source.tables.find((candidate) => candidate.name.toLowerCase() === row.parent.toLowerCase())
    if (!table) continue
    // The pragma numbers references from the last written one to the first.
    const reference = table.foreignKeys.at(-1 - row.fkid)
    const keys = await keysOfOrphans(path, table, row.fkid, reference, parent, signal)
    findings.push(
      createFinding({
        code: 'ORPHAN_ROWS',
        // Without the table that is referred to there is no foreign key on the target to break.
        severity: parent ? 'blocks' : 'note',
        table: table.name,
        column: reference?.columns.join(', ') ?? null,
        key: keys[0] ?? null,
        sampleKeys: [...keys],
        count: row.rows,
        params: { parent: row.parent },
        message: `${row.rows} ${row.rows === 1 ? 'row refers' : 'rows refer'} to rows of ${row.parent} that do not exist.`,
        hint: 'Delete these rows, or give them an existing row to refer to, or set the reference to NULL where that is allowed.',
      }),
    )
  }
  return findings
}

/** The keys of the first ten rows of a table whose reference of this number leads nowhere. */
async function keysOfOrphans(
  path: string,
  table: SqliteTable,
  number: number,
  reference: ForeignKey | undefined,
  parent: SqliteTable | undefined,
  signal: AbortSignal,
): Promise<RowKeys> {
  const fields = keyFields(table, safeSql`c`)
  if (fields.length === 0) return []
  const child = safeSql`${quoteName(table.name)} AS c`
  const rowid = rowidName(table)
  if (rowid !== null) {
    const orphans = safeSql`SELECT "rowid" FROM pragma_foreign_key_check(${quoteText(table.name)}) WHERE fkid = ${number} LIMIT 10`
    const sql = safeSql`SELECT ${selectList(fields)} FROM ${child} WHERE c.${quoteName(rowid)} IN (${orphans})`
    return readKeys(fields, await runAside({ path, readonly: true, sql }, signal))
  }
  // Without a rowid the pragma counts the rows and names none.
  if (!reference || !parent) return []
  const pairs = reference.columns.map((column, index) => [quoteName(column), quoteName(reference.referencedColumns[index] ?? '')] as const)
  const present = pairs.map(([column]) => safeSql`c.${column} IS NOT NULL`).join(' AND ') as SafeSql
  const found = pairs.map(([column, other]) => safeSql`p.${other} = c.${column}`).join(' AND ') as SafeSql
  const sql = safeSql`SELECT ${selectList(fields)} FROM ${child} WHERE ${present}
    AND NOT EXISTS (SELECT 1 FROM ${quoteName(parent.name)} AS p WHERE ${found}) LIMIT 10`
  return readKeys(fields, await runAside({ path, readonly: true, sql }, signal))
}

const spellingRow = z.object({ rows: z.number(), first: z.union([z.number(), z.null()]) })

/**
 * Rows that find their row in a key that ignores case (COLLATE NOCASE) only because it does: SQLite takes `ABC` for
 * `Abc` there, PostgreSQL does not.
 */
async function findOtherSpelling(path: string, source: SqliteCatalogue, signal: AbortSignal): Promise<readonly Finding[]> {
  const findings: Finding[] = []
  for (const table of source.tables) {
    for (const key of table.foreignKeys) {
      const parent = source.tables.find((candidate) => candidate.name === key.referencedTable)
      const isCaseless = parent?.columns.some(({ name, collation }) => key.referencedColumns.includes(name) && collation !== 'BINARY')
      if (!parent || !isCaseless) continue
      const pairs = key.columns.map((column, index) => [quoteName(column), quoteName(key.referencedColumns[index] ?? '')] as const)
      const present = pairs.map(([column]) => safeSql`c.${column} IS NOT NULL`).join(' AND ') as SafeSql
      const same = pairs.map(([column, other]) => safeSql`p.${other} = c.${column}`).join(' AND ') as SafeSql
      const exact = pairs.map(([column, other]) => safeSql`p.${other} = c.${column} COLLATE BINARY`).join(' AND ') as SafeSql
      const first = table.withoutRowid ? safeSql`NULL` : safeSql`min(c.rowid)`
      const rowsOf = safeSql`${quoteName(parent.name)} AS p WHERE ${same}`
      const sql = safeSql`SELECT count(*) AS rows, ${first} AS first FROM ${quoteName(table.name)} AS c WHERE ${present}
        AND EXISTS (SELECT 1 FROM ${rowsOf}) AND NOT EXISTS (SELECT 1 FROM ${rowsOf} AND ${exact})`
      const [row] = z.array(spellingRow).parse(await runAside({ path, readonly: true, sql }, signal))
      if (!row || row.rows === 0) continue
      const place = row.first === null ? null : { [table.rowidColumn ?? 'rowid']: String(row.first) }
      findings.push(
        createFinding({
          code: 'REFERENCE_CASE_DIFFERS',
          severity: 'blocks',
          table: table.name,
          column: key.columns.join(', '),
          key: place,
          sampleKeys: place === null ? [] : [place],
          count: row.rows,
          params: { parent: parent.name },
          message: `${row.rows} ${row.rows === 1 ? 'row refers' : 'rows refer'} to rows of ${parent.name} with letters in another case; PostgreSQL tells them apart.`,
          hint: `Give these rows the spelling that ${parent.name} has, then start again.`,
        }),
      )
    }
  }
  return findings
}

/** Whether any row of a table meets a condition made from the table's own SQL; one that SQLite cannot compute counts as met. */
export async function meetsCondition(path: string, table: SqliteTable, condition: string, signal: AbortSignal): Promise<boolean> {
  // Names and literals of the condition come from the file's own CREATE TABLE, which SQLite has accepted.
  const sql = safeSql`SELECT 1 AS met FROM ${quoteName(table.name)} WHERE ${condition as SafeSql} LIMIT 1`
  try {
    return (await runAside({ path, readonly: true, sql }, signal)).length > 0
  } catch (error) {
    if (error instanceof AppError && error.code !== 'CANCELLED') return true
    throw error
  }
}

function mismatch(table: SqliteTable, cause: unknown): readonly Finding[] {
  if (cause instanceof AppError && cause.code === 'CANCELLED') throw cause
  return [
    createFinding({
      code: 'FOREIGN_KEY_MISMATCH',
      severity: 'note',
      table: table.name,
      message: 'A foreign key of this table refers to columns that do not exist or are not unique, so neither engine can check it.',
      hint: 'Let it refer to columns that exist and are unique, or drop it.',
    }),
  ]
}

/**
 * Makes the work folder and checks that a copy of the file fits in it.
 *
 * @throws AppError LOCAL_DISK_FULL
 */
export async function checkDiskSpace(workDir: string, source: SqliteCatalogue): Promise<void> {
  const needed = source.pageCount * source.pageSize
  try {
    await mkdir(workDir, { recursive: true, mode: 0o700 })
    const disk = await statfs(workDir)
    if (disk.bavail * disk.bsize > needed * 1.02 + 65536) return
  } catch (cause) {
    if (!(cause instanceof Error && 'code' in cause && cause.code === 'ENOSPC')) {
      throw new AppError({
        code: 'CONFIG_INVALID',
        operation: 'make the work folder',
        subject: workDir,
        message: 'The folder for the safety copy cannot be made or read.',
        hint: 'Check DATA_DIR and the rights of the user that runs this process.',
        cause,
      })
    }
  }
  throw diskFull(workDir, needed)
}

export function diskFull(workDir: string, neededBytes: number, cause?: unknown): AppError {
  return new AppError({
    code: 'LOCAL_DISK_FULL',
    operation: 'write the safety copy',
    subject: workDir,
    message: `The disk has no room for the safety copy (${Math.ceil(neededBytes / 1048576)} MiB).`,
    hint: 'Free space there, or put DATA_DIR on another disk; then start again.',
    cause,
  })
}
