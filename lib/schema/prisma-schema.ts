import { AppError } from '@/lib/core/errors'
import type { SchemaFile } from './schema-engine'

interface Block {
  readonly kind: string
  readonly name: string
  readonly body: string
  readonly start: number
  readonly end: number
}

/**
 * Turns a Prisma schema for SQLite, as people have it (Prisma 4 to 7, one file or many), into one for PostgreSQL that
 * Prisma 7 accepts: one datasource of ours, no generators (an unknown one or an old preview feature would stop the engine),
 * no views, and none of what only SQLite's SQL understands. What is taken out of a model (`dbgenerated`, `Unsupported`)
 * comes back from the database's own catalogue when the schema is completed.
 *
 * @throws AppError MODEL_INVALID when there is no model in it, its provider is not sqlite or postgresql, or Prisma cannot write
 *   one of its names on PostgreSQL
 */
export function rewriteForPostgresql(files: readonly SchemaFile[]): readonly SchemaFile[] {
  const blocks = files.flatMap((file) => findBlocks(file.content))
  if (!blocks.some((block) => block.kind === 'model')) {
    throw modelError('The Prisma schema has no model.', 'Give the file schema.prisma, or the folder that holds the schema files.')
  }
  const datasource = blocks.find((block) => block.kind === 'datasource')
  const provider = /^\s*provider\s*=\s*"([^"]*)"/m.exec(datasource?.body ?? '')?.[1] ?? 'sqlite'
  if (provider !== 'sqlite' && provider !== 'postgresql' && provider !== 'postgres') {
    throw modelError(
      `The Prisma schema is for ${provider}, not for SQLite.`,
      'Give the schema that the SQLite database was made with, or leave --schema out.',
    )
  }
  requireWritableNames(blocks)
  const relationMode = /^\s*relationMode\s*=\s*"(\w+)"/m.exec(datasource?.body ?? '')?.[1]
  const head = [
    `datasource ${datasource?.name ?? 'db'} {`,
    '  provider = "postgresql"',
    ...(relationMode ? [`  relationMode = "${relationMode}"`] : []),
    '}',
    '',
  ].join('\n')
  return [
    { path: 'bascule-datasource.prisma', content: head },
    ...files.map((file) => ({ path: file.path, content: rewriteFile(file.content) })),
  ]
}

/** `@map("…")` and `@@map("…")`, or the `map:` of another attribute. */
const mappedName = /@map\(\s*(?:name:\s*)?"((?:[^"\\\n]|\\.)*)"|\bmap:\s*"((?:[^"\\\n]|\\.)*)"/g

/**
 * Prisma puts double quotes round a name on PostgreSQL and leaves those within it as they are, in the schema engine's SQL and in
 * every query of the client (7.10), so that the app could not read such a table there. On SQLite it quotes by backticks.
 */
function requireWritableNames(blocks: readonly Block[]): void {
  for (const { kind, name: block, body } of blocks) {
    if (kind !== 'model' && kind !== 'enum') continue
    for (const line of body.split('\n').filter((text) => !/^\s*\/\//.test(text))) {
      // The label of an enum is no name but a text.
      if (kind === 'enum' && !/^\s*@@/.test(line)) continue
      const found = [...line.matchAll(mappedName)].map(([, one, other]) => one ?? other ?? '').find((name) => name.includes('\\"'))
      if (found === undefined) continue
      const field = /^\s*(\w+)\s/.exec(line)?.[1]
      const name = found.replaceAll('\\"', '"')
      const place = field === undefined ? block : `${block}.${field}`
      throw new AppError({
        code: 'MODEL_INVALID',
        operation: 'read the Prisma schema',
        subject: [block, name].join(' · '),
        message: `${place} is mapped to the name ${name}, and Prisma cannot write a name with a double quote on PostgreSQL.`,
        hint: 'Rename it in the SQLite file (ALTER TABLE … RENAME …) and in the schema.',
      })
    }
  }
}

/** A column by the names that it has in the database. */
export interface ModelColumn {
  readonly table: string
  readonly column: string
}

/** Columns whose default the model leaves to the database: `@default(dbgenerated(…))`, in the SQL of SQLite. */
export function listDatabaseDefaults(files: readonly SchemaFile[]): readonly ModelColumn[] {
  const models = files.flatMap((file) => findBlocks(file.content)).filter(({ kind }) => kind === 'model')
  return models.flatMap(({ name, body }) => {
    const lines = body.split('\n')
    const table = lines.map((line) => /^\s*@@map\(\s*(?:name:\s*)?"([^"]*)"/.exec(line)?.[1]).find((mapped) => mapped !== undefined) ?? name
    return lines.flatMap((line) => {
      const field = /^\s*(\w+)\s/.exec(line)?.[1]
      if (field === undefined || !databaseDefault.test(line)) return []
      return { table, column: /[^@]@map\(\s*(?:name:\s*)?"([^"]*)"/.exec(line)?.[1] ?? field }
    })
  })
}

const databaseDefault = /(?<!\/\/.*)\s@default\(\s*dbgenerated\(\s*(?:"(?:[^"\\]|\\.)*")?\s*\)\s*(?:,\s*map:\s*"[^"]*"\s*)?\)/

const droppedKinds = new Set(['datasource', 'generator', 'view'])

function rewriteFile(content: string): string {
  let rewritten = ''
  let position = 0
  for (const block of findBlocks(content)) {
    rewritten += content.slice(position, block.start)
    if (!droppedKinds.has(block.kind)) {
      const text = content.slice(block.start, block.end)
      rewritten += block.kind === 'model' ? rewriteModel(text) : text
    }
    position = block.end
  }
  return rewritten + content.slice(position)
}

function rewriteModel(text: string): string {
  return nameReferences(text)
    .split('\n')
    .filter((line) => !/^\s*\w+\s+Unsupported\(/.test(line))
    .map((line) => line.replace(databaseDefault, ''))
    .join('\n')
}

/**
 * Two relations over the same fields are one name twice on PostgreSQL; on SQLite, where Prisma names no foreign key, they
 * are none. The second and further ones get names of their own.
 */
function nameReferences(model: string): string {
  const modelName = /^\s*model\s+(\w+)/.exec(model)?.[1] ?? ''
  const seen = new Map<string, number>()
  return model.replace(/\/\/[^\n]*|"(?:[^"\\\n]|\\.)*"|@relation\((?:[^()"]|"(?:[^"\\\n]|\\.)*")*\)/g, (text) => {
    const fields = /\bfields:\s*\[([^\]]*)\]/.exec(text)?.[1]?.replace(/\s/g, '')
    if (!text.startsWith('@relation') || fields === undefined || /\bmap:/.test(text)) return text
    const count = (seen.get(fields) ?? 0) + 1
    seen.set(fields, count)
    if (count === 1) return text
    const name = `${modelName}_${fields.replaceAll(',', '_')}`.slice(0, 50)
    return `${text.slice(0, -1)}, map: "${name}_fkey${count}")`
  })
}

/** The top-level blocks; braces in comments and texts do not count. */
function findBlocks(content: string): readonly Block[] {
  const blocks: Block[] = []
  const pattern = /\/\/[^\n]*|\/\*[\s\S]*?\*\/|"(?:[^"\\\n]|\\.)*"|\b(datasource|generator|model|enum|view|type)\s+(\w+)\s*\{|[{}]/g
  let depth = 0
  let open: { kind: string; name: string; start: number; bodyStart: number } | undefined
  for (const match of content.matchAll(pattern)) {
    const [text, kind, name] = match
    if (kind !== undefined && name !== undefined && depth === 0) {
      open = { kind, name, start: match.index, bodyStart: match.index + text.length }
      depth = 1
    } else if (text === '{' || kind !== undefined) {
      depth += 1
    } else if (text === '}') {
      depth -= 1
      if (depth === 0 && open) {
        blocks.push({ ...open, body: content.slice(open.bodyStart, match.index), end: match.index + 1 })
        open = undefined
      }
    }
  }
  return blocks
}

function modelError(message: string, hint: string): AppError {
  return new AppError({ code: 'MODEL_INVALID', operation: 'read the Prisma schema', message, hint })
}
