import Database from 'better-sqlite3'
import { describe, expect, inject, it } from 'vitest'
import { createPostgresDatabase, type TestPostgresDatabase, withPostgres } from '@/tests/support/postgres-databases'
import { createSqliteDatabase, type TestSqliteDatabase } from '@/tests/support/sqlite-databases'
import { cutOver } from '../cut-over'
import { migrateDatabase } from '../migrate-database'
import { rollBack } from '../roll-back'

const never = new AbortController().signal
const quiet = () => undefined
const jobId = 'job-1'

/** Files whose rules or values are not what Prisma would have made, and what becomes of them on the way back. */
interface Trip {
  readonly script: string
  /** Models of a Prisma schema; without any the structure is introspected. */
  readonly models?: string
  /** Statements on PostgreSQL after the switch. */
  readonly written: string
}

async function onPostgres(
  { script, models, written }: Trip,
  use: (source: TestSqliteDatabase, target: TestPostgresDatabase) => Promise<void>,
): Promise<void> {
  await using source = await createSqliteDatabase(script)
  await using target = await createPostgresDatabase({ url: inject('embeddedPostgresUrl') })
  const content = `datasource db {\n  provider = "sqlite"\n}\n${models}`
  const model =
    models === undefined ? ({ kind: 'introspect' } as const) : ({ kind: 'schema', files: [{ path: 'schema.prisma', content }] } as const)
  const options = { jobId, sourcePath: source.path, targetUrl: target.url, workDir: source.folder, model }
  const result = await migrateDatabase({ ...options, fenceSource: true, setAside: false, dryRun: false }, quiet, never)
  expect(result.error).toBeUndefined()
  await cutOver({ sourcePath: source.path, targetUrl: target.url, jobId }, async () => undefined, quiet, never)
  await sql(target, written)
  await use(source, target)
}

const sql = (target: TestPostgresDatabase, text: string) => withPostgres(target.url, (client) => client.query(text))

const goBack = (source: TestSqliteDatabase, target: TestPostgresDatabase) =>
  rollBack({ sourcePath: source.path, targetUrl: target.url, freezeLimitMs: 60_000 }, async () => {}, quiet, never)

function read(source: TestSqliteDatabase, query: string): readonly unknown[] {
  const db = new Database(source.path, { readonly: true })
  try {
    return db.prepare(query).raw().all()
  } finally {
    db.close()
  }
}

/** What the file answers to a query after the whole way there and back. */
async function answerAfter(trip: Trip, query: string): Promise<readonly unknown[]> {
  let answer: readonly unknown[] = []
  await onPostgres(trip, async (source, target) => {
    await goBack(source, target)
    answer = read(source, query)
  })
  return answer
}

describe('going back to a file that computes columns', () => {
  it('leaves them to SQLite where PostgreSQL kept them as ordinary ones, whose values are stale by then', async () => {
    const script = `CREATE TABLE t (id INTEGER PRIMARY KEY, s TEXT, h TEXT AS (hex(s)), st TEXT AS (strftime('%Y', s)) STORED);
      INSERT INTO t (s) VALUES ('2024-01-01'), ('b')`
    const written = `UPDATE t SET s = '2025-01-01' WHERE id = 1; INSERT INTO t (id, s) VALUES (3, 'zz')`
    expect(await answerAfter({ script, written }, 'SELECT * FROM t')).toEqual([
      [1, '2025-01-01', '323032352D30312D3031', '2025'],
      [2, 'b', '62', null],
      [3, 'zz', '7A7A', null],
    ])
  })

  it('does so where the data model has them as fields', async () => {
    const script = `CREATE TABLE "T" (id INTEGER PRIMARY KEY, s TEXT, h TEXT AS (upper(s))); INSERT INTO T (s) VALUES ('a'), ('b')`
    const models = `model T {\n id Int @id @default(autoincrement())\n s String?\n h String?\n}`
    const written = `UPDATE "T" SET s = 'zz' WHERE id = 1; INSERT INTO "T" (id, s) VALUES (3, 'y')`
    expect(await answerAfter({ script, models, written }, 'SELECT * FROM T')).toEqual([
      [1, 'zz', 'ZZ'],
      [2, 'b', 'B'],
      [3, 'y', 'Y'],
    ])
  })
})
