import { createHash } from 'node:crypto'
import type { SqlMigrationAwareDriverAdapterFactory } from '@prisma/driver-adapter-utils'
import { type SchemaFile, scriptFromEmpty } from './schema-engine'

/** A constraint or index that got a name of its own, since PostgreSQL would have cut it to that of another, or at all. */
export interface RenamedConstraint {
  /** The model's table. */
  readonly table: string
  /** As it stood in the schema: `@@index([a, b])`, `email @unique`. */
  readonly attribute: string
  readonly name: string
}

export interface NamedScript {
  readonly sql: string
  readonly renamed: readonly RenamedConstraint[]
}

/** A schema of a thousand models has fewer rounds than this: each names everything that the engine found in one. */
const mostRounds = 20

/**
 * `scriptFromEmpty` for a schema whose names were made for SQLite, which keeps them whole: PostgreSQL cuts them at 63 bytes,
 * perhaps into each other, and then Prisma refuses the whole schema. Those that it names get a `map:` with a digest; the
 * first of several that become the same keeps its name. Which ones they are is the engine's own judgement: it makes the
 * default names, from models and fields that may be mapped.
 *
 * @throws what the engine throws for anything else
 */
export async function scriptWithDistinctNames(
  factory: SqlMigrationAwareDriverAdapterFactory,
  schema: readonly SchemaFile[],
): Promise<NamedScript> {
  const renamed: RenamedConstraint[] = []
  let files = schema
  for (let round = 1; ; round += 1) {
    try {
      return { sql: await scriptFromEmpty(factory, files), renamed }
    } catch (error) {
      const faults = readFaults(error instanceof Error ? error.message : String(error))
      const next = round < mostRounds ? rename(files, faults) : null
      if (next === null || next.renamed.length === 0) throw error
      files = next.files
      renamed.push(...next.renamed)
    }
  }
}

interface NameFault {
  /** `@unique`, `@@index`, `@relation` … */
  readonly attribute: string
  readonly name: string
  readonly path: string
  /** From 1. */
  readonly line: number
  /** Too long by itself, or one of several that are the same. */
  readonly kind: 'long' | 'twice'
}

const colours = new RegExp(`${String.fromCharCode(27)}\\[[0-9;]*m`, 'g')
const twice = /parsing attribute "(@{1,2}\w+)": The given constraint name `([^`]+)` has to be unique/
const long = /The constraint name '([^']+)' specified in the `map` argument for the `(@{1,2}\w+)` constraint is too long/
const place = /^\s*-->\s+(.+):(\d+)\s*$/m

/** Each error of the engine begins with `error: ` and says where on a line of its own. */
function readFaults(message: string): readonly NameFault[] {
  const plain = message.replace(colours, '')
  return plain.split(/^error: /m).flatMap((text): readonly NameFault[] => {
    const [, path, line] = place.exec(text) ?? []
    if (path === undefined || line === undefined) return []
    const [, ofTwo, name] = twice.exec(text) ?? []
    if (ofTwo !== undefined && name !== undefined) return [{ attribute: ofTwo, name, path, line: Number(line), kind: 'twice' }]
    const [, tooLong, ofLong] = long.exec(text) ?? []
    if (ofLong !== undefined && tooLong !== undefined) return [{ attribute: ofLong, name: tooLong, path, line: Number(line), kind: 'long' }]
    return []
  })
}

function rename(files: readonly SchemaFile[], faults: readonly NameFault[]) {
  const texts = new Map(files.map((file) => [file.path, file.content.split('\n')]))
  const renamed: RenamedConstraint[] = []
  for (const fault of withoutFirsts(faults, texts)) {
    const lines = texts.get(fault.path)
    const found = lines === undefined ? null : findAttribute(lines, fault)
    if (lines === undefined || found === null) continue
    const table = tableAt(lines, fault.line)
    const field = fault.attribute.startsWith('@@') ? '' : `${/^\s*(\w+)/.exec(lines[fault.line - 1] ?? '')?.[1] ?? ''} `
    const attribute = `${field}${found.text.replace(/\s+/g, ' ')}`
    const name = distinctName(fault, `${table} ${attribute}`)
    const replaced = `${lines.slice(0, fault.line - 1).join('\n')}${fault.line > 1 ? '\n' : ''}`
    const rest = lines.slice(fault.line - 1).join('\n')
    const content = `${replaced}${rest.slice(0, found.start)}${withMap(found.text, name)}${rest.slice(found.start + found.text.length)}`
    texts.set(fault.path, content.split('\n'))
    renamed.push({ table, attribute, name })
  }
  return { files: files.map((file) => ({ ...file, content: (texts.get(file.path) ?? []).join('\n') })), renamed }
}

/** Of those that share a name one keeps it: one that was given it, otherwise the first. */
function withoutFirsts(faults: readonly NameFault[], texts: ReadonlyMap<string, readonly string[]>): readonly NameFault[] {
  const isMapped = (fault: NameFault) => {
    const found = findAttribute(texts.get(fault.path) ?? [], fault)
    return found !== null && mapArgument.test(found.text)
  }
  const kept = new Set<NameFault>()
  for (const name of new Set(faults.map((fault) => fault.name))) {
    const same = faults.filter((fault) => fault.kind === 'twice' && fault.name === name)
    const first = same.find(isMapped) ?? same[0]
    // Where only one is named, what it is the same as cannot be renamed: it has to give way.
    if (first !== undefined && same.length > 1) kept.add(first)
  }
  return faults.filter((fault) => !kept.has(fault))
}

/** The attribute with its arguments, which may go over several lines; its place counts from the beginning of the fault's line. */
function findAttribute(lines: readonly string[], fault: NameFault): { readonly start: number; readonly text: string } | null {
  const rest = lines.slice(fault.line - 1).join('\n')
  const begin = new RegExp(`(?<![@\\w])${fault.attribute}(?![\\w])`).exec(rest)
  if (!begin) return null
  const after = begin.index + begin[0].length
  const open = /^\s*\(/.exec(rest.slice(after))
  if (!open) return { start: begin.index, text: begin[0] }
  let depth = 0
  for (const token of rest.slice(after).matchAll(/"(?:[^"\\\n]|\\.)*"|[()]/g)) {
    if (token[0] === '(') depth += 1
    if (token[0] === ')') depth -= 1
    if (depth === 0) return { start: begin.index, text: rest.slice(begin.index, after + token.index + 1) }
  }
  return null
}

const mapArgument = /\bmap:\s*"(?:[^"\\\n]|\\.)*"/

function withMap(attribute: string, name: string): string {
  const argument = `map: "${name}"`
  if (mapArgument.test(attribute)) return attribute.replace(mapArgument, argument)
  if (!attribute.includes('(')) return `${attribute}(${argument})`
  const isEmpty = /\(\s*\)$/.test(attribute)
  return `${attribute.slice(0, -1)}${isEmpty ? '' : ', '}${argument})`
}

function tableAt(lines: readonly string[], line: number): string {
  const isHead = (text: string) => /^\s*model\s+\w+/.test(text)
  const head = lines.slice(0, line).findLastIndex(isHead)
  const next = lines.slice(line).findIndex(isHead)
  const block = lines.slice(Math.max(0, head), next < 0 ? lines.length : line + next).join('\n')
  return /@@map\(\s*(?:name:\s*)?"([^"]*)"/.exec(block)?.[1] ?? /^\s*model\s+(\w+)/.exec(block)?.[1] ?? ''
}

/** Of one schema always the same. */
function distinctName({ name }: NameFault, identity: string): string {
  const digest = createHash('sha256').update(`${name} ${identity}`).digest('hex').slice(0, 8)
  let stem = name
  while (Buffer.byteLength(stem) > 54) stem = stem.slice(0, -1)
  return `${stem}_${digest}`
}
