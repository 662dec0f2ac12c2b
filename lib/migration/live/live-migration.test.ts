import { type ChildProcess, fork } from 'node:child_process'
import { once } from 'node:events'
import { existsSync, readdirSync } from 'node:fs'
import { join } from 'node:path'
import { describe, expect, inject, it } from 'vitest'
import { z } from 'zod'
import type { ProgressEvent } from '@/lib/core/progress'
import { readCapturedTables } from '@/lib/sqlite/change-log'
import { openSqlite } from '@/lib/sqlite/open-database'
import { verifyDatabases } from '@/lib/verification/verify-databases'
import { createPostgresDatabase, withPostgres } from '@/tests/support/postgres-databases'
import { createSqliteDatabase } from '@/tests/support/sqlite-databases'
import { discardCopy } from '../discard-copy'
import { migrateDatabase } from '../migrate-database'
import { readApplied } from './applied-number'
import { followSource } from './follow-source'
import { openFollowedCopy } from './followed-copy'

const never = new AbortController().signal
const script = `
PRAGMA journal_mode = WAL;
CREATE TABLE author (id TEXT PRIMARY KEY, name TEXT NOT NULL UNIQUE);
CREATE TABLE book (id INTEGER PRIMARY KEY AUTOINCREMENT, author TEXT NOT NULL REFERENCES author (id) ON DELETE CASCADE ON UPDATE CASCADE, title TEXT);
WITH RECURSIVE n (i) AS (SELECT 1 UNION ALL SELECT i + 1 FROM n WHERE i < 300) INSERT INTO author SELECT 'a' || i, 'name ' || i FROM n;
WITH RECURSIVE n (i) AS (SELECT 1 UNION ALL SELECT i + 1 FROM n WHERE i < 3000) INSERT INTO book SELECT i, 'a' || (i % 300 + 1), 'title ' || i FROM n;`

function optionsOf(source: { path: string; folder: string }, target: { url: string }) {
  return {
    jobId: 'live',
    sourcePath: source.path,
    targetUrl: target.url,
    workDir: source.folder,
    model: { kind: 'introspect' as const },
    fenceSource: false,
    live: true,
    setAside: false,
    dryRun: false,
  }
}

const isCaptured = (path: string) => {
  const db = openSqlite(path, { readonly: true })
  const found = readCapturedTables(db) !== null
  db.close()
  return found
}

describe.each([...inject('postgresServers')])('a live migration on $name', (server) => {
  it('follows what is written meanwhile, proves it, and is given up without a trace', async () => {
    await using source = await createSqliteDatabase(script)
    await using target = await createPostgresDatabase(server)
    const app = openSqlite(source.path)
    app.pragma('foreign_keys = ON')
    let step = 0
    const write = () => {
      step += 1
      app.exec(`INSERT INTO author VALUES ('new${step}', 'new ${step}'); INSERT INTO book (author, title) VALUES ('new${step}', 'of ${step}');
        UPDATE author SET id = 'moved${step}' WHERE id = 'a${step}'; DELETE FROM author WHERE id = 'a${step + 100}'; REPLACE INTO author VALUES ('r${step}', 'name ${step + 200}');`)
    }
    const events: ProgressEvent[] = []
    const report = (event: ProgressEvent) => {
      events.push(event)
      // Whatever the run is at, somebody writes: at each of its steps, and so also between snapshot and proof.
      if (event.type === 'phase' && event.status !== 'failed') write()
    }
    const result = await migrateDatabase(optionsOf(source, target), report, never)
    expect(result.error).toBeUndefined()
    expect(Object.keys(result.phases)).toEqual([
      'checks',
      'safety-copy',
      'schema',
      'copy',
      'structure',
      'sequences',
      'statistics',
      'catch-up',
      'prove',
    ])
    expect(result.tables.map(({ table, content }) => [table, content])).toEqual([
      ['author', 'identical'],
      ['book', 'identical'],
    ])
    expect(events.some(({ type }) => type === 'lag')).toBe(true)
    write()
    expect(isCaptured(source.path)).toBe(true)
    // Whoever takes the safety copy for the app's file has nobody who follows it.
    expect(isCaptured(result.safetyCopy ?? '')).toBe(false)
    const applied = await withPostgres(target.url, (client) => readApplied(client))
    expect(applied?.seq).toBeGreaterThan(0)
    expect(applied?.provenSeq).toBe(applied?.seq)
    expect(readdirSync(source.folder).filter((name) => name.startsWith('proof-'))).toEqual([])

    // Ready, and the app goes on: so does the copy, until somebody is to work on it in the follower's place.
    const lags: number[] = []
    let rounds = 0
    const following = (upTo: number) => ({
      mayGoOn: async () => {
        rounds += 1
        if (rounds < upTo) write()
        return rounds < upTo
      },
      onLag: ({ changesBehind }: { changesBehind: number }) => lags.push(changesBehind),
    })
    await followSource(optionsOf(source, target), following(10), never)
    await followSource(optionsOf(source, target), following(20), never)
    expect(lags).toContain(0)
    const copy = await openFollowedCopy(optionsOf(source, target), 'bascule test')
    await copy.applier.round(copy.db, { prove: true })
    expect(await readApplied(copy.client)).toEqual({ seq: copy.applier.applied, provenSeq: copy.applier.applied })
    await copy.close()
    const { tables } = await verifyDatabases(
      { sourcePath: source.path, targetUrl: target.url, tables: ['author', 'book'] },
      () => undefined,
      never,
    )
    expect(tables.map(({ content }) => content)).toEqual(['identical', 'identical'])

    await discardCopy({ ...optionsOf(source, target) }, () => undefined, never)
    expect(isCaptured(source.path)).toBe(false)
    const left = await withPostgres(
      target.url,
      async (client) => (await client.query(`SELECT relname FROM pg_class WHERE relnamespace = 'public'::regnamespace`)).rows,
    )
    expect(left).toEqual([])
    expect(app.prepare(`SELECT count(*) AS n FROM sqlite_master WHERE name LIKE '%bascule%'`).get()).toEqual({ n: 0 })
    app.close()
  })
})

const anyServer = inject('postgresServers')[0]

describe('writers in several processes', () => {
  it('go on throughout, and in the end the copy is what they were told is committed', async () => {
    if (!anyServer) throw new Error('a server')
    await using source = await createSqliteDatabase(script)
    await using target = await createPostgresDatabase(anyServer)
    const writers = ['p', 'q', 'r'].map((name) =>
      fork(join(import.meta.dirname, 'testing/write-until-told.mjs'), [source.path, name], {
        stdio: ['ignore', 'ignore', 'inherit', 'ipc'],
      }),
    )
    try {
      const result = await migrateDatabase(optionsOf(source, target), () => undefined, never)
      expect(result.error).toBeUndefined()
      let looks = 0
      await followSource(optionsOf(source, target), { mayGoOn: async () => looks++ < 5, onLag: () => undefined }, never)
      const kept = (await Promise.all(writers.map(lastWords))).flat()
      expect(kept.length).toBeGreaterThan(0)
      const copy = await openFollowedCopy(optionsOf(source, target), 'bascule test')
      await copy.applier.round(copy.db, { prove: true })
      await copy.close()
      const compared = await verifyDatabases(
        { sourcePath: source.path, targetUrl: target.url, tables: ['author', 'book'] },
        () => undefined,
        never,
      )
      expect(compared.tables.map(({ content }) => content)).toEqual(['identical', 'identical'])
      const { rows } = await withPostgres(target.url, (client) => client.query<{ id: string }>(`SELECT id FROM author WHERE id ~ '^[pqr]'`))
      expect(rows.map(({ id }) => id).toSorted()).toEqual(kept.toSorted())
    } finally {
      for (const writer of writers) writer.kill('SIGKILL')
    }
  })
})

async function lastWords(writer: ChildProcess): Promise<readonly string[]> {
  const told = once(writer, 'message')
  writer.send('enough')
  return z.array(z.string()).parse((await told)[0])
}

describe('a live migration', () => {
  it.each([
    ['a table without a key', `${script} CREATE TABLE loose (a TEXT)`, 'LIVE_NO_KEY'],
    ['a file that is not in WAL mode', script.replace('WAL', 'DELETE'), 'LIVE_NOT_WAL'],
  ])('%s: refused before anything is touched, and the read-only way is named', async (_, sql, code) => {
    if (!anyServer) throw new Error('a server')
    await using source = await createSqliteDatabase(sql)
    await using target = await createPostgresDatabase(anyServer)
    const result = await migrateDatabase(optionsOf(source, target), () => undefined, never)
    expect(result).toMatchObject({ status: 'failed', error: { code: 'STRUCTURE_UNSUPPORTED' } })
    const finding = result.findings.find((one) => one.code === code)
    expect(finding).toMatchObject({ severity: 'blocks', hint: expect.stringMatching(/read-only/) })
    expect(isCaptured(source.path)).toBe(false)
  })

  it('gives up when a table is changed meanwhile, and leaves the app as it was', async () => {
    if (!anyServer) throw new Error('a server')
    await using source = await createSqliteDatabase(script)
    await using target = await createPostgresDatabase(anyServer)
    const app = openSqlite(source.path)
    const report = (event: ProgressEvent) => {
      if (event.type === 'phase' && event.phase === 'copy' && event.status === 'started')
        app.exec('ALTER TABLE book ADD COLUMN year INTEGER')
    }
    const result = await migrateDatabase(optionsOf(source, target), report, never)
    expect(result).toMatchObject({ status: 'failed', error: { code: 'SOURCE_CHANGED' }, leftover: null })
    expect(isCaptured(source.path)).toBe(false)
    app.exec(`INSERT INTO book (author, title, year) VALUES ('a1', 'later', 2026)`)
    app.close()
  })

  it('a difference that no trigger could note stops it before it is called proved', async () => {
    if (!anyServer) throw new Error('a server')
    await using source = await createSqliteDatabase(script)
    await using target = await createPostgresDatabase(anyServer)
    const report = (event: ProgressEvent) => {
      if (event.type !== 'phase' || event.phase !== 'copy' || event.status !== 'started') return
      const blind = openSqlite(source.path)
      const triggers = blind.prepare(`SELECT name, sql FROM sqlite_master WHERE name LIKE '\\_bascule\\_log%' ESCAPE '\\'`).all() as {
        name: string
        sql: string
      }[]
      blind.transaction(() => {
        for (const { name } of triggers) blind.exec(`DROP TRIGGER ${name}`)
        blind.exec(`UPDATE book SET title = 'unnoticed' WHERE id = 7`)
        for (const { sql } of triggers) blind.exec(sql)
      })()
      blind.close()
    }
    const result = await migrateDatabase(optionsOf(source, target), report, never)
    expect(result).toMatchObject({ status: 'failed', error: { code: 'CONTENT_DIFFERS' }, leftover: null })
    expect(existsSync(source.path)).toBe(true)
    expect(isCaptured(source.path)).toBe(false)
  })
})
