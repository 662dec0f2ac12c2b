import { AppError } from '@/lib/core/errors'

/**
 * Names a repair that breaks a rule of the source itself. SQLite's words name columns and no values.
 *
 * @throws AppError VALUE_REFUSED; every other error as it is
 */
export function guardRules<T>(table: string | null, column: string | null, run: () => T): T {
  try {
    return run()
  } catch (error) {
    if (!(error instanceof Error && 'code' in error && String(error.code).startsWith('SQLITE_CONSTRAINT'))) throw error
    throw new AppError({
      code: 'VALUE_REFUSED',
      operation: 'repair the copy',
      subject: [table, column].filter((part) => part !== null).join('.'),
      message: `The chosen repair breaks a rule of the source: ${error.message}.`,
      hint: 'Choose another repair for this column, or correct these rows in the source.',
      cause: error,
    })
  }
}
