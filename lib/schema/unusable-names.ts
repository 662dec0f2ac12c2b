import type { SqliteCatalogue } from '@/lib/core/catalogue'
import { createFinding, type Finding, type FindingInput } from '@/lib/core/finding'

/** What PostgreSQL keeps of a name. */
export const maximumNameBytes = 63

/** Every PostgreSQL table has these columns already. */
const systemColumns = new Set(['tableoid', 'xmin', 'cmin', 'xmax', 'cmax', 'ctid'])

/** https://www.postgresql.org/docs/current/limits.html */
const maximumColumns = 1600
/** Of an index, and so of a key. */
const maximumKeyColumns = 32

/**
 * Tables with more columns, or more in their key, than PostgreSQL has, and tables and columns whose names it would cut, or cannot have at all:
 * nothing is started with them.
 */
export function findUnusableNames(source: SqliteCatalogue): readonly Finding[] {
  return source.tables.flatMap((table) => {
    if (table.columns.length > maximumColumns) return [tooManyColumns(table.name, table.columns.length)]
    if (table.primaryKey.length > maximumKeyColumns) return [tooManyKeyColumns(table.name, table.primaryKey.length)]
    const names = [{ name: table.name, column: null }, ...table.columns.map((column) => ({ name: column.name, column: column.name }))]
    return names.flatMap(({ name, column }) => {
      const fault = faultOf(name, column !== null)
      if (!fault) return []
      const hint = 'Rename it in the source; a Prisma schema keeps its own name for it with @map or @@map.'
      return createFinding({ ...fault, severity: 'blocks', table: table.name, column, hint })
    })
  })
}

function tooManyColumns(table: string, columns: number): Finding {
  return createFinding({
    code: 'TOO_MANY_COLUMNS',
    severity: 'blocks',
    table,
    shape: `${columns} columns`,
    params: { most: maximumColumns },
    message: `The table has more than the ${maximumColumns} columns that a table of PostgreSQL can have.`,
    hint: 'Split the table in the source, or gather columns that belong together into one of JSON.',
  })
}

function tooManyKeyColumns(table: string, columns: number): Finding {
  return createFinding({
    code: 'TOO_MANY_KEY_COLUMNS',
    severity: 'blocks',
    table,
    shape: `primary key of ${columns} columns`,
    params: { most: maximumKeyColumns },
    message: `The table’s primary key has more than the ${maximumKeyColumns} columns that an index of PostgreSQL can have.`,
    hint: 'Give the table a shorter key in the source (a column of its own, such as INTEGER PRIMARY KEY), and leave the present one out.',
  })
}

function faultOf(
  name: string,
  isColumn: boolean,
): (Pick<FindingInput, 'code' | 'message'> & Partial<Pick<FindingInput, 'shape' | 'params'>>) | null {
  const bytes = Buffer.byteLength(name)
  const what = isColumn ? 'column' : 'table'
  if (bytes > maximumNameBytes) {
    return {
      code: 'NAME_TOO_LONG',
      shape: `${bytes} bytes`,
      params: { what },
      message: `The ${what}’s name is longer than the 63 bytes that PostgreSQL keeps.`,
    }
  }
  if (name === '')
    return {
      code: 'NAME_UNUSABLE',
      params: { what, reason: 'empty' },
      message: `The ${what} has an empty name, which PostgreSQL does not accept.`,
    }
  if (isColumn && systemColumns.has(name)) {
    return {
      code: 'NAME_UNUSABLE',
      params: { what, reason: 'kept', name },
      message: `PostgreSQL keeps the column name ${name} for itself.`,
    }
  }
  return null
}
