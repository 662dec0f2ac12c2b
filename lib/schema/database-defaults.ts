import type { PostgresCatalogue, PostgresColumn, SqliteCatalogue } from '@/lib/core/catalogue'
import type { Finding } from '@/lib/core/finding'
import { qualifiedName, quoteName } from '@/lib/core/quoted-name'
import { translateDefault } from './column-default'
import type { Completion } from './complete-schema'
import { defaultLeftBehind, type SchemaStep } from './create-table'
import type { ModelColumn } from './prisma-schema'

/**
 * Gives columns whose default the model leaves to the database the one that the file has, translated as without a model; what has
 * no equivalent is named. Pure.
 */
export function addDatabaseDefaults(source: SqliteCatalogue, target: PostgresCatalogue, columns: readonly ModelColumn[]): Completion {
  const steps: SchemaStep[] = []
  const findings: Finding[] = []
  for (const { table, column } of columns) {
    const own = source.tables.find(({ name }) => name === table)?.columns.find(({ name }) => name === column)
    const counterpart = target.tables.find(({ name }) => name === table)
    const filled = counterpart?.columns.find(({ name }) => name === column)
    if (!own || !counterpart || !filled || filled.defaultSql !== null || filled.generated || filled.identity !== null) continue
    const value = translateDefault(own.defaultSql, typeOf(filled), own.declaredType)
    if (value === null) continue
    const otherwise = defaultLeftBehind(table, column, own.defaultSql ?? '', filled.type)
    if (value === undefined) findings.push(otherwise)
    else {
      const sql = `ALTER TABLE ${qualifiedName(counterpart.schema, table)} ALTER COLUMN ${quoteName(column)} SET DEFAULT ${value}`
      steps.push({ sql, otherwise })
    }
  }
  return { steps, findings }
}

/** The type as CREATE TABLE spells it. */
function typeOf({ type, typeName }: PostgresColumn): string {
  if (typeName === 'timestamptz') return typeName
  return type.replace(/^character varying/, 'varchar').replace(/^character\b/, 'char')
}
