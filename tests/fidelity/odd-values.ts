import type { ValueKind } from '@/lib/core/table-mapping'

/**
 * Columns by their declared type, what their values are as a rule (SQL, with `i` for the number of the row), and values of
 * other classes and forms, which a reader that takes values as they are must notice.
 */
export const oddValues: Readonly<
  Record<string, { readonly value: ValueKind; readonly ordinary: string; readonly odd: readonly string[] }>
> = {
  TEXT: {
    value: { kind: 'text', maxLength: null, padded: false },
    ordinary: `'plain ' || i`,
    odd: [
      `'\\N'`,
      `'\\'`,
      `'a' || char(9)`,
      `char(10)`,
      `char(13) || 'x'`,
      `x'5c4e'`,
      `x'C3A9'`,
      'NULL',
      `''`,
      `'\\.'`,
      `'é' || char(0x2028)`,
    ],
  },
  STRING: {
    value: { kind: 'text', maxLength: null, padded: false },
    ordinary: `'plain ' || i`,
    odd: ['7', '1.5', '0.1', '1e300', `x'41'`, 'NULL', `'\\N'`, `'x' || char(9)`],
  },
  INTEGER: { value: { kind: 'integer', bits: 64 }, ordinary: 'i', odd: ['1.5', '-0.0', '1e3', 'NULL', '9223372036854775807', "' 12'"] },
  NOTYPE: { value: { kind: 'integer', bits: 32 }, ordinary: 'i', odd: ['1.5', 'NULL', '3.0', '-1'] },
  BOOLEAN: { value: { kind: 'boolean' }, ordinary: 'i % 2', odd: ['2', '-1', "'true'", "'FALSE'", '0.5', 'NULL', "x'01'"] },
  DATETIME: {
    value: { kind: 'timestamp', precision: 3, withTimeZone: false },
    ordinary: `printf('2024-%02d-%02dT10:%02d:59.%03d+00:00', 1 + i % 12, 1 + i % 28, i % 60, i % 1000)`,
    odd: [
      `'2024-02-29T00:00:00.000+00:00'`,
      `'2023-02-29T00:00:00.000+00:00'`,
      `'2024-04-31T00:00:00.000+00:00'`,
      `'2024-03-01T10:00:00.000+02:00'`,
      `'2024-03-01T10:00:00.9996+0:00'`,
      `'2024-03-01 10:00:00'`,
      `'2024-03-01T10:00:00.000Z'`,
      '1709287200000',
      '1709287200000.0',
      'NULL',
      `'2024-03-01'`,
    ],
  },
  JSONB: {
    value: { kind: 'json', binary: true },
    ordinary: `'{"n":' || i || '}'`,
    odd: ['123', '0.1', `'"a\\nb"'`, `'{"a":' || char(10) || '1}'`, `x'5B315D'`, 'NULL', `'null'`],
  },
  ROLE: {
    value: { kind: 'enum', typeName: 'Role', labels: ['USER', 'ADMIN'] },
    ordinary: `iif(i % 2, 'USER', 'ADMIN')`,
    odd: ['NULL', `x'55534552'`],
  },
  REAL: {
    value: { kind: 'float', bits: 64 },
    ordinary: 'i / 7.0',
    odd: ['9e999', '-9e999', '5e-324', '7', 'NULL', '-0.0', "'text'", "x'41'"],
  },
  BLOB: { value: { kind: 'bytes' }, ordinary: `CAST('b' || i AS BLOB)`, odd: [`'text'`, `x''`, 'NULL', `'\\x41'`] },
}
