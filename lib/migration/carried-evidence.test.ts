import Database from 'better-sqlite3'
import { beforeEach, describe, expect, inject, it, vi } from 'vitest'
import { readFence } from '@/lib/sqlite/fence'
import { openSqlite } from '@/lib/sqlite/open-database'
import { verifyDatabases } from '@/lib/verification/verify-databases'
import { createPostgresDatabase, type TestPostgresDatabase, withPostgres } from '@/tests/support/postgres-databases'
import { createSqliteDatabase, type TestSqliteDatabase } from '@/tests/support/sqlite-databases'
import type { Evidence } from './chunks'
import { type MigrateOptions, migrateDatabase } from './migrate-database'
import { choose, optionsOf as introspected } from './testing/repaired-migration'

/*
 * The copy believes what the checks have seen only where it copies the very same values. Here somebody writes in between what would
 * arrive as something else if it were believed: an instant with an offset, which a timestamp without time zone leaves out; a
 * text with a tab and a line break, and one that is COPY's mark of NULL.
 */

const carried = vi.hoisted(() => ({ seen: [] as (Evidence | undefined)[], isKilled: false }))
vi.mock('./copy-tables', async (importOriginal) => {
  const original = await importOriginal<typeof import('./copy-tables')>()
  const planChunks: typeof original.planChunks = (...input) => {
    carried.seen.push(input[4])
    return original.planChunks(...input)
  }
  const copyTables: typeof original.copyTables = (...input) =>
    carried.isKilled ? Promise.reject(new Error('killed')) : original.copyTables(...input)
  return { ...original, planChunks, copyTables }
})
vi.mock('./discard-copy', async (importOriginal) => {
  const original = await importOriginal<typeof import('./discard-copy')>()
  // Who is killed puts nothing back.
  const undoMigration: typeof original.undoMigration = async (...input) => (carried.isKilled ? null : original.undoMigration(...input))
  return { ...original, undoMigration }
})
beforeEach(() => {
  carried.seen.length = 0
  carried.isKilled = false
})

const never = new AbortController().signal
const [server] = inject('postgresServers')
if (server === undefined) throw new Error('no server')

const filled = `CREATE TABLE event (id INTEGER PRIMARY KEY, at DATETIME NOT NULL, name TEXT, size REAL, parent INTEGER REFERENCES event(id));
  WITH RECURSIVE n(i) AS (SELECT 1 UNION ALL SELECT i+1 FROM n WHERE i<300)
  INSERT INTO event SELECT i, printf('2024-03-01T10:00:00.%03d+00:00', i), 'name ' || i, i / 7.0, NULL FROM n;`
const odd = `UPDATE event SET at = '2024-03-01T10:00:00.000+02:00', name = 'a' || char(9) || 'b' || char(10) WHERE id = 300;
  UPDATE event SET name = '\\N' WHERE id = 299;`

describe.each(['delete', 'wal'])('in journal mode %s', (mode) => {
  it.each([true, false])('what nobody has changed since is carried (fence: %s)', async (fenceSource) => {
    await using source = await createSqliteDatabase(`PRAGMA journal_mode = ${mode}; ${filled} ${odd}`)
    await using target = await createPostgresDatabase(server ?? expect.fail())
    const app = new Database(source.path)
    const result = await migrateDatabase(optionsOf(source, target, { fenceSource }), () => undefined, never)
    expect(result.error).toBeUndefined()
    expect(columnsOf(carried.seen)).toEqual([{ id: '', name: expect.stringContaining('\t'), size: '', parent: '' }])
    await expectExact(source.path, target.url)
    expect(readFence(app) === null).toBe(!fenceSource)
    app.close()
  })

  it.each([true, false])('what somebody wrote after the checks arrives as it is (fence: %s)', async (fenceSource) => {
    await using source = await createSqliteDatabase(`PRAGMA journal_mode = ${mode}; ${filled}`)
    await using target = await createPostgresDatabase(server ?? expect.fail())
    let written = 0
    const result = await migrateDatabase(
      optionsOf(source, target, { fenceSource }),
      (event) => {
        if (event.type !== 'phase' || event.phase !== 'safety-copy' || event.status !== 'started') return
        const db = openSqlite(source.path)
        db.exec(odd)
        db.close()
        written += 1
      },
      never,
    )
    expect([result.error, written]).toEqual([undefined, 1])
    expect(carried.seen).toEqual([undefined])
    await expectExact(source.path, target.url)
    const { rows } = await withPostgres(target.url, (client) =>
      client.query('SELECT at::text, name FROM event WHERE id >= 299 ORDER BY id'),
    )
    expect(rows).toEqual([
      { at: '2024-03-01 10:00:00.299', name: '\\N' },
      { at: '2024-03-01 08:00:00', name: 'a\tb\n' },
    ])
  })
})

it('nothing is carried where rows were repaired on the way, or a change log stands in the file', async () => {
  const orphan = `${filled} PRAGMA foreign_keys = off; UPDATE event SET parent = 1000 WHERE id = 7;`
  await using source = await createSqliteDatabase(`PRAGMA journal_mode = WAL; ${orphan}`)
  await using target = await createPostgresDatabase(server ?? expect.fail())
  const repaired = await migrateDatabase(optionsOf(source, target, { choices: [choose('orphans', 'null')] }), () => undefined, never)
  expect([repaired.error, repaired.repairs.length]).toEqual([undefined, 1])
  await using other = await createPostgresDatabase(server ?? expect.fail())
  openSqlite(source.path).exec('UPDATE event SET parent = NULL').close()
  const live = await migrateDatabase(optionsOf(source, other, { fenceSource: false, live: true }), () => undefined, never)
  expect(live.error).toBeUndefined()
  expect(carried.seen).toEqual([undefined, undefined])
})

it('nothing is carried by a job that goes on after it was killed', async () => {
  await using source = await createSqliteDatabase(`${filled} ${odd}`)
  await using target = await createPostgresDatabase(server ?? expect.fail())
  const options = optionsOf(source, target, {})
  carried.isKilled = true
  await migrateDatabase(options, () => undefined, never)
  expect(carried.seen.map((evidence) => evidence?.size)).toEqual([1])
  carried.isKilled = false
  const told: string[] = []
  const result = await migrateDatabase(options, (event) => void (event.type === 'log' && told.push(event.message)), never)
  expect(result.error).toBeUndefined()
  expect(told).toContainEqual(expect.stringContaining('goes on where it stood'))
  expect(carried.seen.slice(1)).toEqual([undefined])
  await expectExact(source.path, target.url)
})

function optionsOf(source: TestSqliteDatabase, target: TestPostgresDatabase, more: Partial<MigrateOptions>): MigrateOptions {
  return { ...introspected(source, target, []), ...more }
}

/** By table, the special characters of each column that was carried. */
function columnsOf(seen: readonly (Evidence | undefined)[]): unknown {
  return seen.flatMap((evidence) =>
    [...(evidence?.values() ?? [])].map(({ columns }) => Object.fromEntries(columns.map(({ name, specials }) => [name, specials]))),
  )
}

async function expectExact(sourcePath: string, targetUrl: string): Promise<void> {
  const proof = await verifyDatabases({ sourcePath, targetUrl }, () => undefined, never)
  expect(proof.tables.map(({ table, content }) => [table, content])).toEqual([['event', 'identical']])
}
