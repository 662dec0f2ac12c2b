import type { ArbitraryField, ArbitraryModel, ArbitraryParent, ArbitrarySchema, ScalarType } from './arbitrary-schema'

/** One line of a model, and what Prisma's client has to know of it. */
export interface PrintedField {
  readonly name: string
  readonly type: string
  readonly dbName: string | null
  readonly kind: 'scalar' | 'enum' | 'object'
  readonly relationName?: string
  /** What follows the name in the schema. */
  readonly text: string
}

export interface PrintedModel {
  readonly name: string
  readonly dbName: string | null
  readonly fields: readonly PrintedField[]
  readonly attributes: readonly string[]
}

/** The models of a schema with all of their lines, relations in both directions included. */
export function printModels({ models, pairs }: ArbitrarySchema): readonly PrintedModel[] {
  return models.map((model, index) => {
    const fields: PrintedField[] = [...idFields(model), ...model.fields.map(scalar), unsupported]
    const attributes = model.id === 'composite' ? ['@@id([idA, idB])'] : []
    for (const [place, parent] of model.parents.entries()) fields.push(...reference(models, index, place, parent))
    for (const [child, { parents }] of models.entries()) {
      for (const [place, parent] of parents.entries()) if (parent.model === index) fields.push(backReference(models, child, place, parent))
    }
    for (const [a, b] of pairs) {
      const other = a === index ? b : b === index ? a : null
      if (other !== null) fields.push(relation(`many${other}`, `Model${other}`, `pair_${a}_${b}`, '[]', ''))
    }
    const indexed = model.fields.filter((field) => field.indexed && !field.unique)
    attributes.push(...indexed.map(({ name }) => `@@index([${name}])`))
    const [first, second] = model.fields.filter((field) => field.unique)
    if (first && second) attributes.push(`@@unique([${first.name}, ${second.name}])`)
    if (model.map !== null) attributes.push(`@@map(${JSON.stringify(model.map)})`)
    return { name: model.name, dbName: model.map, fields, attributes }
  })
}

/** The schema as a file, for SQLite or PostgreSQL. */
export function printSchema(models: readonly PrintedModel[], provider: 'sqlite' | 'postgresql'): string {
  const blocks = models.map(({ name, fields, attributes }) =>
    [`model ${name} {`, ...fields.map((field) => `  ${field.name} ${field.text}`), ...attributes.map((line) => `  ${line}`), '}'].join(
      '\n',
    ),
  )
  return [`datasource db {\n  provider = "${provider}"\n}`, 'enum Kind {\n  PLAIN @map("plain value")\n  FANCY\n}', ...blocks].join('\n\n')
}

/** Types of the ids that are one column. */
export const idTypes: Readonly<Record<Exclude<ArbitraryModel['id'], 'composite'>, ScalarType>> = {
  autoincrement: 'Int',
  int: 'Int',
  bigint: 'BigInt',
  uuid: 'String',
  text: 'String',
  datetime: 'DateTime',
  decimal: 'Decimal',
}

/** Names of the fields by which a model is referred to, with their types. */
export function keyOf({ id }: Pick<ArbitraryModel, 'id'>): readonly { readonly name: string; readonly type: ScalarType }[] {
  if (id === 'composite') {
    return [
      { name: 'idA', type: 'Int' },
      { name: 'idB', type: 'String' },
    ]
  }
  return [{ name: 'id', type: idTypes[id] }]
}

const unsupported: PrintedField = { name: 'shape', type: 'Unsupported', dbName: null, kind: 'scalar', text: 'Unsupported("SHAPE")?' }

function idFields({ id }: ArbitraryModel): readonly PrintedField[] {
  const attributes = {
    autoincrement: ' @id @default(autoincrement())',
    int: ' @id',
    bigint: ' @id',
    uuid: ' @id @default(uuid())',
    text: ' @id',
    datetime: ' @id',
    decimal: ' @id',
    composite: '',
  }
  return keyOf({ id }).map(({ name, type }) => ({ name, type, dbName: null, kind: 'scalar', text: `${type}${attributes[id]}` }))
}

const defaults: Readonly<Partial<Record<ScalarType, string>>> = {
  Int: '-7',
  BigInt: '9007199254740993',
  Float: '0.1',
  Decimal: '1.50',
  Boolean: 'true',
  String: '"it\'s; \\\\ \\"so\\""',
  DateTime: 'now()',
  Kind: 'FANCY',
}

function scalar(field: ArbitraryField): PrintedField {
  const { name, type, map } = field
  const preset = field.hasDefault ? defaults[type] : undefined
  const parts = [
    `${type}${field.optional ? '?' : ''}`,
    ...(field.unique ? ['@unique'] : []),
    ...(preset === undefined || field.unique ? [] : [`@default(${preset})`]),
    ...(map === null ? [] : [`@map(${JSON.stringify(map)})`]),
  ]
  return { name, type, dbName: map, kind: type === 'Kind' ? 'enum' : 'scalar', text: parts.join(' ') }
}

function relationName(child: number, place: number): string {
  return `relation_${child}_${place}`
}

function relation(name: string, type: string, relationName: string, suffix: string, rest: string): PrintedField {
  const text = `${type}${suffix} @relation(${[JSON.stringify(relationName), rest].filter((part) => part !== '').join(', ')})`
  return { name, type, dbName: null, kind: 'object', relationName, text }
}

/** The columns of a reference, and the field that follows it. */
function reference(models: readonly ArbitraryModel[], child: number, place: number, parent: ArbitraryParent): readonly PrintedField[] {
  const target = models[parent.model]
  const key = target === undefined ? [] : keyOf(target)
  const mark = parent.optional ? '?' : ''
  const columns = key.map(({ name, type }) => ({ name: `ref${place}_${name}`, type }))
  const isUnique = parent.isOneToOne
  const fields = columns.map(({ name, type }): PrintedField => {
    const unique = isUnique && columns.length === 1 ? ' @unique' : ''
    return { name, type, dbName: null, kind: 'scalar', text: `${type}${mark}${unique}` }
  })
  // NoAction is what Prisma asks for where a model refers to itself.
  const chosen = { onDelete: parent.onDelete, onUpdate: parent.onUpdate }
  const own = Object.entries(chosen).flatMap(([event, action]) => (action === null ? [] : [`, ${event}: ${action}`]))
  const actions = parent.model === child ? ', onDelete: NoAction, onUpdate: NoAction' : own.join('')
  const rest = `fields: [${columns.map(({ name }) => name).join(', ')}], references: [${key.map(({ name }) => name).join(', ')}]${actions}`
  return [...fields, relation(`parent${place}`, `Model${parent.model}`, relationName(child, place), mark, rest)]
}

function backReference(models: readonly ArbitraryModel[], child: number, place: number, parent: ArbitraryParent): PrintedField {
  const isSingle = parent.isOneToOne && models[parent.model]?.id !== 'composite'
  return relation(`children${child}_${place}`, `Model${child}`, relationName(child, place), isSingle ? '?' : '[]', '')
}
