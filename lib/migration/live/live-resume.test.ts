import { type ChildProcess, fork } from 'node:child_process'
import { once } from 'node:events'
import { rm } from 'node:fs/promises'
import { afterAll, beforeAll, expect, inject, it } from 'vitest'
import { z } from 'zod'
import { type ProgressEvent, progressEventSchema } from '@/lib/core/progress'
import { readCapturedTables } from '@/lib/sqlite/change-log'
import { openSqlite, type SqliteDatabase } from '@/lib/sqlite/open-database'
import { createPostgresDatabase, withPostgres } from '@/tests/support/postgres-databases'
import { createSqliteDatabase } from '@/tests/support/sqlite-databases'
import { type MigrationResult, migrationResultSchema } from '../migration-result'
import { bundleChild } from '../testing/bundle-child'
import { readApplied } from './applied-number'

const server = { url: inject('embeddedPostgresUrl') }
const script = `
PRAGMA journal_mode = WAL;
CREATE TABLE author (id TEXT PRIMARY KEY, name TEXT NOT NULL UNIQUE);
CREATE TABLE book (id INTEGER PRIMARY KEY, author TEXT NOT NULL REFERENCES author (id) ON DELETE CASCADE, title TEXT);
WITH RECURSIVE n (i) AS (SELECT 1 UNION ALL SELECT i + 1 FROM n WHERE i < 200) INSERT INTO author SELECT 'a' || i, 'name ' || i FROM n;
WITH RECURSIVE n (i) AS (SELECT 1 UNION ALL SELECT i + 1 FROM n WHERE i < 3000) INSERT INTO book SELECT i, 'a' || (i % 200 + 1), 'title ' || i FROM n;`

let child: string
const children = new Set<ChildProcess>()
beforeAll(async () => {
  child = await bundleChild('migrate-when-told.ts')
})
afterAll(async () => {
  for (const one of children) one.kill('SIGKILL')
  await rm(child, { force: true })
})

/** Runs the migration in a process of its own, and kills it when `isPoint` says so. Answers its result, or null when it was killed. */
async function runChild(
  options: object,
  onEvent: (event: ProgressEvent) => void,
  isPoint: (event: ProgressEvent) => boolean,
): Promise<MigrationResult | null> {
  const one = fork(child, { stdio: ['ignore', 'ignore', 'inherit', 'ipc'] })
  children.add(one)
  let result: MigrationResult | null = null
  one.on('message', (message) => {
    const told = z
      .object({ event: progressEventSchema.optional(), result: migrationResultSchema.optional(), ready: z.boolean().optional() })
      .parse(message)
    if (told.ready) one.send(options)
    if (told.result) result = told.result
    if (!told.event) return
    onEvent(told.event)
    if (isPoint(told.event)) one.kill('SIGKILL')
  })
  await once(one, 'exit')
  children.delete(one)
  return result
}

/** Where it is killed, once each: the phases of a live migration, as they begin, and some as they end. */
const points = ['safety-copy', 'schema', 'copy', 'structure', 'sequences', 'statistics', 'catch-up', 'prove'].flatMap((phase) => [
  `${phase} started`,
  ...(['safety-copy', 'copy', 'catch-up'].includes(phase) ? [`${phase} succeeded`] : []),
])

it('killed at each of its points and begun again, while the app writes: the capture stays, and the copy is proved in the end', {
  timeout: 300_000,
}, async () => {
  await using source = await createSqliteDatabase(script)
  await using target = await createPostgresDatabase(server)
  const options = {
    jobId: 'live',
    sourcePath: source.path,
    targetUrl: target.url,
    workDir: source.folder,
    model: { kind: 'introspect' },
    fenceSource: false,
    live: true,
    setAside: false,
    dryRun: false,
    chunkRows: 500,
  }
  const app = openSqlite(source.path)
  app.pragma('foreign_keys = ON')
  let step = 0
  const write = () => {
    step += 1
    app.exec(`INSERT INTO author VALUES ('new${step}', 'new ${step}'); INSERT INTO book (author, title) VALUES ('new${step}', 'of ${step}');
      UPDATE book SET title = title || '!' WHERE id % 97 = ${step % 97}; DELETE FROM author WHERE id = 'a${step % 200}'; REPLACE INTO author VALUES ('r${step}', 'new ${step - 1}')`)
  }
  const armed = () => app.prepare(`SELECT armedAt FROM _bascule_capture`).pluck().get()
  let resumed = 0
  let since: unknown
  for (const point of points) {
    const events: string[] = []
    const result = await runChild(
      options,
      (event) => {
        if (event.type === 'log') events.push(event.message)
        write()
      },
      (event) => event.type === 'phase' && `${event.phase} ${event.status}` === point,
    )
    // A migration that goes on does not run again what was done for good: its later points come all the same.
    expect(result, point).toBeNull()
    write()
    if (events.some((message) => message.includes('goes on where it stood'))) {
      resumed += 1
      // Begun anew, the log would begin anew too, and what was written in between would be in no copy.
      expect(armed(), point).toBe(since)
    }
    since = isCaptured(app) ? armed() : undefined
  }
  const result = await runChild(options, write, () => false)
  expect(result?.error).toBeUndefined()
  expect(result?.tables.map(({ content }) => content)).toEqual(['identical', 'identical'])
  expect(resumed).toBeGreaterThanOrEqual(points.length - 3)
  const applied = await withPostgres(target.url, (client) => readApplied(client))
  expect(applied?.provenSeq).toBe(applied?.seq)
  app.close()
})

function isCaptured(db: SqliteDatabase): boolean {
  return readCapturedTables(db) !== null
}
