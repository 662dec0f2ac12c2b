/**
 * Keeps the data model's files in step. `derive` writes the PostgreSQL schema, `check` fails when it or a
 * migration history is stale, `diff NAME` writes the next schema migration of every history that needs one.
 */
import { mkdir, readFile, writeFile } from 'node:fs/promises'
import { join } from 'node:path'
import { PrismaBetterSqlite3 } from '@prisma/adapter-better-sqlite3'
import { offlinePostgresql } from '@/lib/schema/offline-adapter'
import { derivePostgresqlSchema } from '@/lib/schema/postgresql-schema'
import { scriptBetween } from '@/lib/schema/schema-engine'

interface History {
  readonly schema: string
  readonly migrations: string
  readonly provider: 'sqlite' | 'postgresql'
}

const histories: readonly History[] = [
  { schema: 'prisma/schema.prisma', migrations: 'prisma/migrations', provider: 'sqlite' },
  { schema: 'prisma/postgresql/schema.prisma', migrations: 'prisma/postgresql/migrations', provider: 'postgresql' },
  { schema: 'prisma/control/schema.prisma', migrations: 'prisma/control/migrations', provider: 'sqlite' },
]
const derivedPath = 'prisma/postgresql/schema.prisma'

/** The state of a history is kept beside it as the schema of its last migration. */
const stateOf = (history: History) => join(history.migrations, 'latest.prisma')

async function main(command: string | undefined, name: string | undefined): Promise<number> {
  const derived = derivePostgresqlSchema(await readFile('prisma/schema.prisma', 'utf8'))
  if (command === 'derive') {
    await writeFile(derivedPath, derived)
    return 0
  }
  if (command === 'check') return check(derived)
  if (command === 'diff' && name && /^[a-z0-9_]+$/.test(name)) {
    await writeFile(derivedPath, derived)
    for (const history of histories) await writeNextMigration(history, name)
    return 0
  }
  console.error('usage: schema derive | check | diff NAME (lower case, digits, underscores)')
  return 2
}

async function check(derived: string): Promise<number> {
  const stale: string[] = []
  if ((await readOptional(derivedPath)) !== derived) stale.push(`${derivedPath}: run npm run schema:derive`)
  for (const history of histories) {
    if (await pendingScript(history)) stale.push(`${history.migrations}: run npm run schema:diff -- NAME`)
  }
  for (const line of stale) console.error(`stale: ${line}`)
  return stale.length === 0 ? 0 : 1
}

async function writeNextMigration(history: History, name: string): Promise<void> {
  const script = await pendingScript(history)
  if (!script) return
  const stamp = new Date().toISOString().replace(/\D/g, '').slice(0, 14)
  const folder = join(history.migrations, `${stamp}_${name}`)
  await mkdir(folder, { recursive: true })
  await writeFile(join(folder, 'migration.sql'), script)
  await writeFile(
    join(history.migrations, 'migration_lock.toml'),
    `# Written by npm run schema:diff; as Prisma's own.\nprovider = "${history.provider}"\n`,
  )
  await writeFile(stateOf(history), await readFile(history.schema, 'utf8'))
  console.error(`wrote ${folder}/migration.sql`)
}

async function pendingScript(history: History): Promise<string | undefined> {
  const before = await readOptional(stateOf(history))
  const after = { path: 'schema.prisma', content: await readFile(history.schema, 'utf8') }
  // A diff between two data models opens no connection; the factory only names the dialect.
  const factory = history.provider === 'sqlite' ? new PrismaBetterSqlite3({ url: ':memory:' }) : offlinePostgresql()
  const script = await scriptBetween(factory, before === undefined ? undefined : [{ path: 'schema.prisma', content: before }], [after])
  // The target's schema exists already, and this statement would ask for rights on the whole database.
  const own = script.replace(/-- CreateSchema\nCREATE SCHEMA IF NOT EXISTS "public";\n+/, '')
  return /^\s*(-- This is an empty migration\.)?\s*$/.test(own) ? undefined : own
}

async function readOptional(path: string): Promise<string | undefined> {
  return readFile(path, 'utf8').catch(() => undefined)
}

process.exitCode = await main(process.argv[2], process.argv[3])
