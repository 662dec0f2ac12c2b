import { readFile } from 'node:fs/promises'
import { join } from 'node:path'
import { PrismaBetterSqlite3 } from '@prisma/adapter-better-sqlite3'
import type { SchemaModel } from '@/lib/migration/schema-plan'
import { offlinePostgresql } from '@/lib/schema/offline-adapter'
import { derivePostgresqlSchema } from '@/lib/schema/postgresql-schema'
import { scriptBetween } from '@/lib/schema/schema-engine'
import { listSchemaMigrations } from '@/lib/schema/schema-migrations'
import { judged } from './ask'
import type { PreflightCheck } from './preflight-result'

/**
 * Whether both histories make the data model of today: the PostgreSQL model is derived anew and compared, and each
 * history's last state with its model. A history that lags behind would make a target without the newest columns.
 *
 * @param root the app's folder
 */
export async function judgeTargetHistory(root: string): Promise<PreflightCheck> {
  const read = (path: string) => readFile(join(root, path), 'utf8')
  const model = await read('prisma/schema.prisma')
  const stale: string[] = []
  if (derivePostgresqlSchema(model) !== (await read('prisma/postgresql/schema.prisma'))) stale.push('prisma/postgresql/schema.prisma')
  for (const { schema, migrations, provider } of histories) {
    const [last, now] = await Promise.all([read(`${migrations}/latest.prisma`), read(schema)])
    if (last === now) continue
    const factory = provider === 'sqlite' ? new PrismaBetterSqlite3({ url: ':memory:' }) : offlinePostgresql()
    const script = await scriptBetween(factory, [{ path: 'schema.prisma', content: last }], [{ path: 'schema.prisma', content: now }])
    if (!/^\s*(-- This is an empty migration\.)?\s*$/.test(script)) stale.push(migrations)
  }
  const where = 'prisma/postgresql/migrations'
  if (stale.length === 0) return judged('target-history', 'in-step', { where })
  return judged('target-history', 'stale', { where, count: stale.length, examples: stale, remedy: 'npm run schema:diff -- next_change' })
}

const histories = [
  { schema: 'prisma/schema.prisma', migrations: 'prisma/migrations', provider: 'sqlite' },
  { schema: 'prisma/postgresql/schema.prisma', migrations: 'prisma/postgresql/migrations', provider: 'postgresql' },
] as const

/** Extensions that the model's own SQL makes; nothing of ours needs one. */
export async function readExtensionNames(model: SchemaModel): Promise<readonly string[]> {
  if (model.kind !== 'history') return []
  const names = await listSchemaMigrations(model.folder)
  const scripts = await Promise.all(names.map((name) => readFile(join(model.folder, name, 'migration.sql'), 'utf8')))
  const found = scripts.join('\n').matchAll(/^\s*CREATE\s+EXTENSION\s+(?:IF\s+NOT\s+EXISTS\s+)?"?([\w-]+)"?/gim)
  return [...new Set([...found].flatMap((match) => match[1] ?? []))]
}
