import fc from 'fast-check'

/** A data model as people write it for SQLite, small enough to be made, filled, moved and read in a moment. */
export interface ArbitrarySchema {
  readonly models: readonly ArbitraryModel[]
  /** Implicit many-to-many relations, by place of their models. */
  readonly pairs: readonly (readonly [number, number])[]
}

export interface ArbitraryModel {
  readonly name: string
  /** The table's name, where it differs. */
  readonly map: string | null
  readonly id: IdKind
  readonly fields: readonly ArbitraryField[]
  /** Relations to models before this one, or to itself. */
  readonly parents: readonly ArbitraryParent[]
  readonly rows: readonly ArbitraryRow[]
}

export const idKinds = ['autoincrement', 'int', 'bigint', 'uuid', 'text', 'datetime', 'decimal', 'composite'] as const
export type IdKind = (typeof idKinds)[number]

export const scalarTypes = ['Int', 'BigInt', 'Float', 'Decimal', 'Boolean', 'String', 'DateTime', 'Json', 'Bytes', 'Kind'] as const
export type ScalarType = (typeof scalarTypes)[number]

export interface ArbitraryField {
  readonly name: string
  readonly map: string | null
  readonly type: ScalarType
  readonly optional: boolean
  /** A value of its own for each row. */
  readonly unique: boolean
  readonly indexed: boolean
  readonly hasDefault: boolean
}

export interface ArbitraryParent {
  /** Place of the model referred to. */
  readonly model: number
  readonly optional: boolean
  readonly isOneToOne: boolean
  readonly onDelete: 'Cascade' | 'Restrict' | 'NoAction' | 'SetNull' | null
  readonly onUpdate: 'Cascade' | 'Restrict' | 'NoAction' | null
}

/** Values of the fields in their order; null where the field is optional and has none, undefined where its default is taken. */
export interface ArbitraryRow {
  readonly values: readonly unknown[]
  /** Which row of the parent, as a fraction of their number; null for none where that is allowed. */
  readonly parents: readonly (number | null)[]
}

/**
 * Names of tables and columns that need care on one side or the other. Not so long that the names of two indexes made from
 * them are one once they are cut at 63 bytes: Prisma itself refuses such a schema for PostgreSQL.
 */
const awkwardNames = fc.constantFrom(
  'order',
  'Größe',
  'a b',
  'select',
  'x'.repeat(20),
  'per%cent',
  'mixedCase',
  '日本',
  'dollar$1',
  "apo's",
)

const text = fc.oneof(
  fc.string({ unit: 'grapheme', maxLength: 20 }),
  fc.constantFrom('', '\\', '\\N', '\\.', 'tab\t', 'line\nfeed\r', '007', '\ufeffmark', '\u2028', 'NULL', '{}', '2024-01-01'),
)
const storableText = text.filter((value) => !value.includes('\0') && !/\p{Surrogate}/u.test(value))

const json = fc
  .jsonValue({ maxDepth: 3, stringUnit: 'grapheme-ascii' })
  // jsonb has no negative zero; a Json field of null would be the database's NULL.
  .filter((value) => value !== null && !JSON.stringify(value).includes('\\u0000'))
  .map((value) => JSON.parse(JSON.stringify(value)) as unknown)

const arbitraryValues: Readonly<Record<ScalarType, fc.Arbitrary<unknown>>> = {
  Int: fc.oneof(fc.integer(), fc.constantFrom(0, 1, -1, 2 ** 31 - 1, -(2 ** 31))),
  BigInt: fc.oneof(fc.bigInt({ min: -(2n ** 63n), max: 2n ** 63n - 1n }), fc.constantFrom(0n, 2n ** 53n + 1n, 2n ** 63n - 1n)),
  Float: fc.oneof(fc.double({ noNaN: true, noDefaultInfinity: true }), fc.constantFrom(0, 0.1, 5e-324, 1e300, 123456.789)),
  Decimal: fc
    .tuple(fc.integer({ min: -999_999, max: 999_999 }), fc.integer({ min: 0, max: 6 }))
    .map(([digits, places]) => (digits / 10 ** places).toFixed(places)),
  Boolean: fc.boolean(),
  String: storableText,
  DateTime: fc.date({ min: new Date('0001-01-02T00:00:00Z'), max: new Date('9999-12-30T00:00:00Z'), noInvalidDate: true }),
  Json: json,
  Bytes: fc.uint8Array({ maxLength: 40 }).map((bytes) => Uint8Array.from(bytes)),
  Kind: fc.constantFrom('PLAIN', 'FANCY'),
}

/** Types whose values can be made different from row to row, and that may be keys on both sides. */
const keyTypes: ReadonlySet<ScalarType> = new Set(['Int', 'BigInt', 'String', 'DateTime'])

/** A value of its own for the row of this number. */
export function distinctValue(type: ScalarType, row: number): unknown {
  if (type === 'Int') return row - 1
  if (type === 'BigInt') return 2n ** 62n + BigInt(row)
  if (type === 'DateTime') return new Date(Date.UTC(2024, 0, 1 + row))
  if (type === 'Decimal') return `${1 - row}.25`
  return `value ${row}`
}

const field = fc.record({
  map: fc.option(awkwardNames, { freq: 2 }),
  type: fc.constantFrom(...scalarTypes),
  optional: fc.boolean(),
  unique: fc.boolean(),
  indexed: fc.boolean(),
  hasDefault: fc.boolean(),
})

const fields = fc.array(field, { minLength: 1, maxLength: 6 }).map((list): readonly ArbitraryField[] =>
  list.map((one, index) => {
    const isKey = keyTypes.has(one.type)
    // A column may not have the name of another one; the awkward ones get a number.
    return {
      ...one,
      name: `field${index}`,
      map: one.map === null ? null : `${one.map}${index}`,
      unique: one.unique && isKey,
      indexed: one.indexed && isKey,
    }
  }),
)

function rowsOf(list: readonly ArbitraryField[], parents: readonly ArbitraryParent[]): fc.Arbitrary<readonly ArbitraryRow[]> {
  const values = list.map(({ type, optional, hasDefault, unique }) => {
    const value = unique ? fc.constant(undefined) : arbitraryValues[type]
    const filled = optional ? fc.option(value, { freq: 3 }) : value
    return hasDefault && !unique ? fc.oneof({ weight: 3, arbitrary: filled }, fc.constant(undefined)) : filled
  })
  const places = parents.map(({ optional }) => {
    const place = fc.double({ min: 0, max: 1, maxExcluded: true, noNaN: true })
    return optional ? fc.option(place, { freq: 3 }) : place
  })
  return fc.array(fc.record({ values: fc.tuple(...values), parents: fc.tuple(...places) }), { minLength: 1, maxLength: 6 })
}

function model(index: number): fc.Arbitrary<ArbitraryModel> {
  const parent = fc.record({
    model: fc.integer({ min: 0, max: index }),
    optional: fc.boolean(),
    isOneToOne: fc.boolean(),
    onDelete: fc.constantFrom('Cascade' as const, 'Restrict' as const, 'NoAction' as const, 'SetNull' as const, null),
    onUpdate: fc.constantFrom('Cascade' as const, 'Restrict' as const, 'NoAction' as const, null),
  })
  return fc
    .record({
      map: fc.option(awkwardNames, { freq: 2 }),
      id: fc.constantFrom(...idKinds),
      fields,
      parents: fc.array(parent, { maxLength: 2 }),
    })
    .chain(({ map, parents, ...rest }) => {
      // The first row of a table that must refer to itself would have nothing to refer to.
      const sensible = parents.map((one) => {
        const able = one.model === index ? { ...one, optional: true, isOneToOne: false } : one
        return able.onDelete === 'SetNull' && !able.optional ? { ...able, onDelete: null } : able
      })
      return rowsOf(rest.fields, sensible).map((rows) => ({
        ...rest,
        name: `Model${index}`,
        map: map === null ? null : `${map}${index}`,
        parents: sensible,
        rows,
      }))
    })
}

/** Two to four models with rows. */
export const arbitrarySchema: fc.Arbitrary<ArbitrarySchema> = fc
  .integer({ min: 2, max: 4 })
  .chain((count) => fc.tuple(...Array.from({ length: count }, (_, index) => model(index))))
  .chain((models) => {
    const single = models.flatMap(({ id }, index) => (id === 'composite' ? [] : [index]))
    const pairs = single.flatMap((a) => single.filter((b) => b > a).map((b) => [a, b] as const))
    return fc.record({ models: fc.constant(models), pairs: fc.subarray(pairs, { maxLength: Math.min(1, pairs.length) }) })
  })
