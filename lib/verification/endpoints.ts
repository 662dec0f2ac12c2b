import { isAbsolute, relative } from 'node:path'
import type pg from 'pg'
import { z } from 'zod'
import { targetLabel } from '@/lib/postgres/target-url'
import type { SqliteDatabase } from '@/lib/sqlite/open-database'
import type { Endpoint } from './verification-result'

/** What the source is, for a report: read from the open file. */
export function describeSource(db: SqliteDatabase): Endpoint {
  const pages = Number(db.pragma('page_count', { simple: true })) * Number(db.pragma('page_size', { simple: true }))
  const version = z.string().parse(db.prepare('SELECT sqlite_version()').pluck().get())
  return { engine: 'sqlite', label: pathLabel(db.name), version, sizeBytes: pages }
}

/** What the target is, for a report. The size is null where the role may not ask for it. */
export async function describeTarget(client: pg.Client, targetUrl: string): Promise<Endpoint> {
  const { rows } = await client.query(`SELECT current_setting('server_version') AS version`)
  const version = z.tuple([z.object({ version: z.string() })]).parse(rows)[0].version
  return {
    engine: 'postgresql',
    label: targetLabel(targetUrl),
    version: version.split(' ')[0] ?? version,
    sizeBytes: await readSize(client),
  }
}

/** A path relative to the app's folder when it is inside, otherwise as it is. */
export function pathLabel(path: string): string {
  const inside = relative(process.cwd(), path)
  return inside.startsWith('..') || isAbsolute(inside) ? path : inside
}

async function readSize(client: pg.Client): Promise<number | null> {
  // A failed statement would end the snapshot's transaction; a savepoint keeps it.
  await client.query('SAVEPOINT describe_target')
  try {
    const { rows } = await client.query('SELECT pg_database_size(current_database())::text AS size')
    return Number(z.tuple([z.object({ size: z.string() })]).parse(rows)[0].size)
  } catch {
    await client.query('ROLLBACK TO SAVEPOINT describe_target')
    return null
  }
}
