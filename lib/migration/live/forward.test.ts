import { fork } from 'node:child_process'
import { once } from 'node:events'
import { existsSync, readdirSync, readFileSync, rmSync, statSync } from 'node:fs'
import { join } from 'node:path'
import Database from 'better-sqlite3'
import { afterAll, beforeAll, describe, expect, inject, it } from 'vitest'
import type { ActiveState } from '@/lib/control/active-state'
import { readMark } from '@/lib/postgres/copy-mark'
import { readFence } from '@/lib/sqlite/fence'
import { openSqlite } from '@/lib/sqlite/open-database'
import { createPostgresDatabase, type TestPostgresDatabase, withPostgres } from '@/tests/support/postgres-databases'
import { createSqliteDatabase, type TestSqliteDatabase } from '@/tests/support/sqlite-databases'
import { cutOver } from '../cut-over'
import { migrateDatabase } from '../migrate-database'
import { recoverDatabases } from '../recover'
import { rollBack } from '../roll-back'
import { bundleChild } from '../testing/bundle-child'
import { cutOverLive } from './cut-over-live'
import { finishSwitch } from './finish'
import { bringForward } from './forward'
import { previewForward } from './preview-forward'

const never = new AbortController().signal
const quiet = () => undefined
const jobId = 'forward'
const target = { sealedUrl: '', label: '' }
const since = '2026-01-01T00:00:00.000Z'

const script = `
PRAGMA journal_mode = WAL;
CREATE TABLE author (id INTEGER PRIMARY KEY AUTOINCREMENT, name TEXT NOT NULL UNIQUE);
CREATE TABLE book (id INTEGER PRIMARY KEY, author INTEGER NOT NULL REFERENCES author (id) ON DELETE CASCADE, title TEXT);
INSERT INTO author VALUES (1, 'one'), (2, 'two'), (3, 'three'); INSERT INTO book VALUES (1, 1, 'a'), (2, 2, 'b'), (3, 3, 'c')`

/** One app goes to PostgreSQL, back, forward again and stays: the tests follow each other. */
describe('forward again, and for good', () => {
  let source: TestSqliteDatabase
  let database: TestPostgresDatabase
  let child: string
  let log = ''
  const options = () => ({ sourcePath: source.path, targetUrl: database.url, jobId })
  const forward = () => ({ ...options(), log, workDir: source.folder })

  beforeAll(async () => {
    child = await bundleChild('switch-in-child.ts')
    source = await createSqliteDatabase(script)
    database = await createPostgresDatabase({ url: inject('embeddedPostgresUrl') })
    const work = { ...options(), workDir: source.folder, model: { kind: 'introspect' as const } }
    const result = await migrateDatabase({ ...work, fenceSource: true, setAside: false, dryRun: false }, quiet, never)
    expect(result.error).toBeUndefined()
    await cutOver(options(), async () => undefined, quiet, never)
    await postgres(`INSERT INTO author (name) VALUES ('four'); UPDATE book SET title = 'there' WHERE id = 1`)
    await back()
  }, 120_000)

  afterAll(async () => {
    await database?.drop()
    await source?.remove()
    if (child) rmSync(child, { force: true })
  })

  const postgres = (text: string) => withPostgres(database.url, (client) => client.query(text))
  const state = () => withPostgres(database.url, async (client) => (await readMark(client))?.state)
  const sqlite = (text: string) => {
    const db = new Database(source.path)
    try {
      db.exec(`PRAGMA foreign_keys = ON; ${text}`)
    } finally {
      db.close()
    }
  }
  const back = () =>
    rollBack(
      { ...options(), freezeLimitMs: 60_000 },
      async (armed) => {
        log = armed ?? expect.fail('nothing is noted')
      },
      quiet,
      never,
    )
  const authors = async () => (await postgres('SELECT id::int, name FROM author ORDER BY id')).rows
  const books = async () => (await postgres('SELECT id::int, title FROM book ORDER BY id')).rows

  it('knows after the way back that nothing waits, and then exactly what was written', async () => {
    expect(await previewForward(forward())).toMatchObject({ status: 'possible', changes: 0 })
    sqlite(`INSERT INTO author (name) VALUES ('five'); DELETE FROM author WHERE id = 2; UPDATE book SET title = 'here' WHERE id = 3`)
    const preview = await previewForward(forward())
    // The author, its book by the cascade, the new one, the title.
    expect(preview).toMatchObject({ status: 'possible', changes: 4 })
  })

  it.each<[string, string, string, string]>([
    [
      'copy-touched',
      'a fence is down',
      'ALTER TABLE author DISABLE TRIGGER "_bascule_fence"',
      'ALTER TABLE author ENABLE TRIGGER "_bascule_fence"',
    ],
    ['structure-changed', 'a column is new', 'ALTER TABLE book ADD COLUMN extra text', 'ALTER TABLE book DROP COLUMN extra'],
    ['copy-gone', 'another copy stands there', `UPDATE bascule.mark SET job_id = 'another'`, `UPDATE bascule.mark SET job_id = '${jobId}'`],
    [
      'log-gone',
      'it knows of more than the file',
      'UPDATE bascule.applied SET seq = seq + 1000000',
      'UPDATE bascule.applied SET seq = seq - 1000000',
    ],
  ])('says "%s" where %s, and changes nothing', async (obstacle, _what, change, undo) => {
    await postgres(change)
    expect(await previewForward(forward())).toEqual({ status: 'impossible', obstacle })
    await expect(bringForward(forward(), quiet, never)).rejects.toMatchObject({ code: 'STATE_CONFLICT', subject: obstacle })
    await postgres(undo)
    expect(await state()).toBe('rolled-back')
    expect(await previewForward(forward())).toMatchObject({ status: 'possible' })
  })

  it('says so where the log is another one', async () => {
    expect(await previewForward({ ...forward(), log: 'another' })).toEqual({ status: 'impossible', obstacle: 'log-gone' })
  })

  it('finds a copy that was changed behind fence and log by comparing every row', async () => {
    await postgres(
      `ALTER TABLE author DISABLE TRIGGER USER; UPDATE author SET name = 'three?' WHERE id = 3; ALTER TABLE author ENABLE TRIGGER USER`,
    )
    await expect(bringForward(forward(), quiet, never)).rejects.toMatchObject({ code: 'CONTENT_DIFFERS' })
    await postgres(`UPDATE author SET name = 'three' WHERE id = 3`)
  })

  it('brings only what was written, again after being killed, and every row is compared', async () => {
    const notes: string[] = []
    // Right after the copy was opened: nothing refuses rows there any more, and nobody of the app is sent there.
    const order = { direction: 'forward', killAfter: 'opened', stateFile: join(source.folder, 'state'), options: options(), log }
    const ended = await once(fork(child, [JSON.stringify(order)], { stdio: ['ignore', 'ignore', 'inherit', 'ipc'] }), 'exit')
    expect(ended).toEqual([null, 'SIGKILL'])
    expect(await state()).toBe('copying')
    sqlite(`UPDATE author SET name = 'three' WHERE id = 3`)
    const recorded: ActiveState = {
      status: 'migrating',
      jobId,
      target,
      since,
      mode: 'live',
      former: { jobId, target, at: since, how: 'rolled-back', log },
    }
    expect(
      await recoverDatabases({ state: recorded, sourcePath: source.path, targetUrl: database.url, workDir: source.folder }, quiet, never),
    ).toEqual({
      outcome: 'on-sqlite',
    })
    sqlite(`INSERT INTO book VALUES (9, 5, 'nine')`)
    const tables = await bringForward(forward(), (event) => notes.push(event.type), never)
    expect(tables.map(({ table, content }) => [table, content])).toEqual([
      ['author', 'identical'],
      ['book', 'identical'],
    ])
    expect(notes).not.toContain('table')
    expect(await state()).toBe('copied')
    expect(await authors()).toEqual([
      { id: 1, name: 'one' },
      { id: 3, name: 'three' },
      { id: 4, name: 'four' },
      { id: 5, name: 'five' },
    ])
    sqlite(`INSERT INTO author (name) VALUES ('six')`)
    await cutOverLive({ ...options(), freezeLimitMs: 60_000 }, async () => undefined, quiet, never)
    expect(await books()).toEqual([
      { id: 1, title: 'there' },
      { id: 3, title: 'here' },
      { id: 9, title: 'nine' },
    ])
    // Numbers go on after the last, references are heeded again, and what is written is noted for the way back.
    await postgres(`INSERT INTO author (name) VALUES ('seven')`)
    expect((await authors()).at(-1)).toEqual({ id: 7, name: 'seven' })
    await expect(postgres(`INSERT INTO book VALUES (10, 99, 'nobody')`)).rejects.toMatchObject({ code: '23503' })
    // As if killed after the last reference was looked at and before the structure was recorded: the next start records it.
    await postgres(`DELETE FROM bascule.structure WHERE definition LIKE 'FOREIGN KEY%'`)
    const moved: ActiveState = { status: 'on-postgresql', jobId, target, since }
    const where = { sourcePath: source.path, targetUrl: database.url, workDir: source.folder }
    expect(await recoverDatabases({ state: moved, ...where }, quiet, never)).toEqual({ outcome: 'unchanged' })
    await back()
    expect(await previewForward(forward())).toMatchObject({ status: 'possible' })
    sqlite(`INSERT INTO author (name) VALUES ('eight')`)
    await bringForward(forward(), quiet, never)
    await cutOverLive({ ...options(), freezeLimitMs: 60_000 }, async () => undefined, quiet, never)
    expect((await authors()).map(({ name }) => name)).toEqual(['one', 'three', 'four', 'five', 'six', 'seven', 'eight'])
  })

  it.each(['archive', 'take-down'] as const)('to finish is killed after "%s": it is as before, or finished by recovery', async (step) => {
    const stateFile = join(source.folder, 'state')
    const order = { direction: 'finish', killAfter: step, stateFile, options: { ...options(), freezeLimitMs: 0 } }
    const [code, signal] = await once(fork(child, [JSON.stringify(order)], { stdio: ['ignore', 'ignore', 'inherit', 'ipc'] }), 'exit')
    expect([code, signal]).toEqual([null, 'SIGKILL'])
    expect(existsSync(stateFile)).toBe(false)
    const recovery = await recoverDatabases(
      {
        state: { status: 'on-postgresql', jobId, target, since },
        sourcePath: source.path,
        targetUrl: database.url,
        workDir: source.folder,
      },
      quiet,
      never,
    )
    expect(recovery).toEqual(step === 'archive' ? { outcome: 'unchanged' } : { outcome: 'finished', jobId })
    await postgres(`INSERT INTO author (name) VALUES ('after ${step}')`)
  })

  it('leaves nothing that notes, an archive that is the file, and the file fenced', async () => {
    const folder = join(source.folder, 'archive')
    let recorded = 0
    const { archive } = await finishSwitch(
      { ...options(), archiveFolder: folder, at: new Date('2026-11-22T18:30:59Z') },
      async () => {
        recorded += 1
      },
      quiet,
      never,
    )
    expect(recorded).toBe(1)
    expect(readdirSync(folder)).toEqual([expect.stringMatching(/-2026-11-22T1830Z\.db$/)])
    expect(statSync(archive?.path ?? '').mode & 0o777).toBe(0o600)
    const db = openSqlite(archive?.path ?? '', { readonly: true })
    expect(readFence(db)).toMatchObject({ stage: 'moved', awake: true })
    expect(db.pragma('integrity_check', { simple: true })).toBe('ok')
    expect(db.prepare('SELECT name FROM author ORDER BY id').pluck().all()).toEqual([
      'one',
      'three',
      'four',
      'five',
      'six',
      'seven',
      'eight',
    ])
    db.close()
    expect(() => sqlite(`INSERT INTO author (name) VALUES ('late')`)).toThrow('BASCULE_FENCED')
    const { rows } = await postgres(
      `SELECT (SELECT count(*)::int FROM pg_trigger WHERE tgname LIKE '\\_bascule%') AS triggers,
         (SELECT string_agg(relname, ' ' ORDER BY relname) FROM pg_class WHERE relnamespace = 'bascule'::regnamespace AND relkind = 'r') AS tables`,
    )
    expect(rows[0]).toEqual({ triggers: 0, tables: 'mark structure' })
    expect(await state()).toBe('finished')
    await expect(back()).rejects.toMatchObject({ code: 'STATE_CONFLICT' })
  })

  it('removes the original and its own record where that is wanted, and only after the end was recorded', async () => {
    const work = {
      ...options(),
      archiveFolder: join(source.folder, 'second'),
      at: new Date(),
      original: 'remove' as const,
      keepRecord: false,
    }
    await expect(finishSwitch(work, () => Promise.reject(new Error('not recorded')), quiet, never)).rejects.toThrow('not recorded')
    expect(existsSync(source.path)).toBe(true)
    const { archive } = await finishSwitch(work, async () => undefined, quiet, never)
    expect([existsSync(source.path), existsSync(archive?.path ?? '')]).toEqual([false, true])
    expect(readFileSync(archive?.path ?? '').length).toBe(archive?.sizeBytes)
    expect((await postgres(`SELECT 1 FROM pg_namespace WHERE nspname = 'bascule'`)).rowCount).toBe(0)
    expect((await authors()).length).toBe(9)
  })
})
