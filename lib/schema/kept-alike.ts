import type { Value } from './compared-values'

/**
 * Whether PostgreSQL keeps a value in a column of this type as SQLite does: a condition is 1 there and `true` here, a double is written
 * with other digits into a text, and one in an integer column is rounded here alone.
 */
export function isKeptAlike({ kind, isTruth }: Value, type: string): boolean {
  switch (kind) {
    case 'nothing':
      return true
    case 'text':
    case 'string':
    case 'extracted':
      return /^(text|varchar|char)/.test(type)
    case 'integer':
      return isTruth ? type === 'boolean' : /^(smallint|integer|bigint|numeric|double|real)/.test(type)
    case 'real':
      return /^(double|real)/.test(type)
    default:
      return false
  }
}
