import type { PostgresCatalogue, SqliteCatalogue } from '@/lib/core/catalogue'
import { createFinding, type Finding } from '@/lib/core/finding'
import { schemaMigrationsTable } from './map-tables'

/**
 * Models and files that belong together have two thirds and more of the smaller one's columns in common, others none or a
 * tenth, because everybody has a table of users (118 public databases with the model beside them; none was in between).
 */
const leastInCommon = 0.25
const mostNames = 8

/**
 * Said when the model is plainly of another file: hardly a column of either is in the other. A file or model without tables is of
 * none. Pure.
 *
 * @param modelled the schema as the model alone makes it
 */
export function findOtherModel(source: SqliteCatalogue, modelled: PostgresCatalogue): Finding | null {
  const present = columnsOf(source.tables)
  const expected = columnsOf(modelled.tables)
  if (present.size === 0 || expected.size === 0) return null
  const common = [...present].filter((name) => expected.has(name)).length
  if (common >= leastInCommon * Math.min(present.size, expected.size)) return null
  const params = { expected: listOf(modelled.tables), present: listOf(source.tables) }
  return createFinding({
    code: 'MODEL_OF_ANOTHER_FILE',
    severity: 'note',
    shape: `columns in common: ${common}, of ${expected.size} in the model and ${present.size} in the file`,
    params,
    message: `The model is of another file: it expects the tables ${params.expected}, and the file has ${params.present}.`,
    hint: 'Give the schema of the app whose file this is (--schema), or none: then everything is made from the file.',
  })
}

/**
 * With a model of another file nearly every other finding is about that: where one of them blocks, the model alone is to be
 * mended, and it alone is said.
 */
export function withOtherModel(otherModel: Finding | null, findings: readonly Finding[]): readonly Finding[] {
  if (otherModel === null) return findings
  if (findings.some(({ severity }) => severity === 'blocks')) return [{ ...otherModel, severity: 'blocks' }]
  return [otherModel, ...findings]
}

interface Table {
  readonly name: string
  readonly columns: readonly { readonly name: string }[]
}

/** By table and column; SQLite takes no heed of capitals. */
function columnsOf(tables: readonly Table[]): ReadonlySet<string> {
  return new Set(own(tables).flatMap((table) => table.columns.map(({ name }) => `${table.name}\0${name}`.toLowerCase())))
}

function own(tables: readonly Table[]): readonly Table[] {
  return tables.filter(({ name }) => name !== schemaMigrationsTable)
}

function listOf(tables: readonly Table[]): string {
  const names = own(tables)
    .map(({ name }) => name)
    .sort()
  return names.length <= mostNames ? names.join(', ') : `${names.slice(0, mostNames).join(', ')} … (${names.length})`
}
