import { z } from 'zod'
import { AppError } from '@/lib/core/errors'
import { type SafeSql, safeSql } from '@/lib/core/quoted-name'
import { runAside } from './run-aside'

export interface IntegrityOptions {
  readonly path: string
  /** `whole` looks up every row in every index; `quick` reads every page and row once. */
  readonly kind: 'whole' | 'quick'
  /** Memory for pages, in KiB. Default: as in `runAside`. */
  readonly cacheKiB?: number
}

const statements = {
  whole: {
    file: safeSql`SELECT integrity_check AS message FROM pragma_integrity_check LIMIT 100`,
    tables: safeSql`
      SELECT DISTINCT found.integrity_check AS message FROM pragma_table_list AS entry, pragma_integrity_check(entry.name) AS found
      WHERE entry.schema = 'main' AND entry.type IN ('table', 'shadow') LIMIT 100`,
  },
  quick: {
    file: safeSql`SELECT quick_check AS message FROM pragma_quick_check LIMIT 100`,
    tables: safeSql`
      SELECT DISTINCT found.quick_check AS message FROM pragma_table_list AS entry, pragma_quick_check(entry.name) AS found
      WHERE entry.schema = 'main' AND entry.type IN ('table', 'shadow') LIMIT 100`,
  },
} as const

/**
 * The lines of `integrity_check` or `quick_check`, beside the process; `ok` alone for a sound file.
 *
 * Over the whole file the check opens every virtual table too, and ends without an answer at the first that needs what only
 * another program has (a tokenizer of its own: Signal's, Firefox's, ICU). Then every other table is checked by itself, those in which the
 * virtual ones keep their content included; what that leaves out is whether each free page is in the list of them.
 *
 * @throws AppError SOURCE_*, CANCELLED
 */
export async function readIntegrity({ path, kind, cacheKiB }: IntegrityOptions, signal: AbortSignal): Promise<readonly string[]> {
  const { file, tables } = statements[kind]
  const ask = async (sql: SafeSql) => {
    const rows = await runAside({ path, readonly: true, sql, ...(cacheKiB === undefined ? {} : { cacheKiB }) }, signal)
    // One row may hold many lines.
    return messageRows.parse(rows).flatMap(({ message }) => message.split('\n'))
  }
  try {
    return await ask(file)
  } catch (error) {
    if (!isRefusedByModule(error)) throw error
    return ask(tables)
  }
}

const messageRows = z.array(z.object({ message: z.string() }))

/** SQLITE_ERROR is what a virtual table's own code says; damage, locks and disks have codes of theirs. https://www.sqlite.org/rescode.html#error */
function isRefusedByModule(error: unknown): boolean {
  if (!(error instanceof AppError) || !(error.cause instanceof Error) || !('code' in error.cause)) return false
  return error.cause.code === 'SQLITE_ERROR'
}
