import { expect, it } from 'vitest'
import type { SqliteColumn, SqliteTable } from '@/lib/core/catalogue'
import { targetColumns, translateComputed } from './create-table'
import { scopeOf } from './translate-expression'

const types = {
  a: 'integer',
  b: 'bigint',
  c: 'double precision',
  t: 'text',
  u: 'varchar(20)',
  f: 'boolean',
  n: 'numeric(8,2)',
  j: 'jsonb',
  x: 'bytea',
  d: 'timestamp(3)',
}
const table = {
  columns: Object.keys(types).map((name) => ({ name, notNull: false, declaredType: '', collation: 'BINARY', generated: null })),
} as unknown as SqliteTable
/** Whether PostgreSQL computes it too, in a column of its own beside these. */
function isComputed(expression: string, type: string): boolean {
  const own = { name: 'own', notNull: false, declaredType: '', collation: 'BINARY', generated: { expression, stored: true } }
  const whole = { ...table, columns: [...table.columns, own] } as SqliteTable
  const scope = scopeOf(whole, targetColumns(whole, new Map(Object.entries({ ...types, own: type }))), 'UTF-8')
  return translateComputed(own as unknown as SqliteColumn, { ...scope, declaredTypes: new Map() }) !== null
}

/** By the column's type: what PostgreSQL would keep as SQLite keeps it, and what it would not. */
const kept: Readonly<Record<string, readonly string[]>> = {
  text: [
    't',
    `t || ' ' || a`,
    'lower(trim(t))',
    `CASE WHEN a > 0 THEN 'x' ELSE u END`,
    `coalesce(t, '')`,
    `iif(f, 'y', NULL)`,
    `j ->> 'k'`,
    'CAST(a AS TEXT)',
  ],
  integer: [
    'a',
    'a + b * 2',
    '-(a)',
    'length(t)',
    'CASE WHEN c > 0.5 THEN 1 ELSE 0 END',
    'CASE WHEN f THEN f ELSE 2 END',
    'a > 0',
    'f',
    'abs(a)',
    'CAST(c AS INTEGER)',
  ],
  'double precision': ['a', 'c * 2', 'a / 2', 'coalesce(c, 0.5)', 'coalesce(c, 0)', 'round(c)'],
  'numeric(8,2)': ['a + 1', 'n'],
  boolean: ['a > 0', 'f', 'NOT f', 't IS NULL AND a > 0', '(a = b)'],
  jsonb: ['j'],
  'timestamp(3)': ['d'],
}
const fixed: Readonly<Record<string, readonly string[]>> = {
  text: [
    'a > 0',
    'c * 2',
    'c',
    'n',
    'x',
    'j',
    'a',
    `j ->> 'k' = '1'`,
    'coalesce(t, a)',
    'abs(n)',
    'd',
    'substr(x, 1)',
    'CASE WHEN f THEN t ELSE a END',
    `t || c`,
    `t || d`,
  ],
  integer: ['abs(n)', 'n * 2', 'coalesce(n, n)', 'c * 2', 'coalesce(a, c)', 't', 'j', 'n'],
  'numeric(8,2)': ['c / 3', 'c'],
  boolean: ['a', '1', 't', '-(a > 0)', 'coalesce(f, 0)'],
  'timestamp(3)': ['t', `t || 'Z'`],
}

it('a computed column is computed on PostgreSQL only where it keeps the same there', () => {
  for (const [type, expressions] of Object.entries(kept))
    for (const expression of expressions) expect([type, expression, isComputed(expression, type)]).toEqual([type, expression, true])
  for (const [type, expressions] of Object.entries(fixed))
    for (const expression of expressions) expect([type, expression, isComputed(expression, type)]).toEqual([type, expression, false])
})
