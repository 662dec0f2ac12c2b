import Database from 'better-sqlite3'
import { afterAll, beforeAll, describe, expect, inject, it } from 'vitest'
import { readPostgresCatalogue } from '@/lib/postgres/catalogue'
import { connectPostgres } from '@/lib/postgres/connect'
import { mapTables } from '@/lib/schema/map-tables'
import { readSqliteCatalogue } from '@/lib/sqlite/catalogue'
import { armChangeLog, highestChange } from '@/lib/sqlite/change-log'
import { openSqlite } from '@/lib/sqlite/open-database'
import { awkwardScript, awkwardWrites } from '@/lib/sqlite/testing/awkward-writes'
import { verifyDatabases } from '@/lib/verification/verify-databases'
import { createPostgresDatabase } from '@/tests/support/postgres-databases'
import { createSqliteDatabase } from '@/tests/support/sqlite-databases'
import { migrateDatabase } from '../migrate-database'
import { readApplied, startApplied } from './applied-number'
import { createChangeApplier } from './apply-changes'

const never = new AbortController().signal
const quiet = () => undefined

/** A file, its copy without references, the log armed, and an applier at the start. */
async function copied(server: { readonly url: string }, script: string) {
  const source = await createSqliteDatabase(script)
  const target = await createPostgresDatabase(server)
  const result = await migrateDatabase(
    {
      jobId: 'job-1',
      sourcePath: source.path,
      targetUrl: target.url,
      workDir: source.folder,
      model: { kind: 'introspect' },
      fenceSource: false,
      setAside: false,
      dryRun: false,
    },
    quiet,
    never,
  )
  expect(result.error).toBeUndefined()
  const client = await connectPostgres(target.url, { applicationName: 'bascule test' })
  const { rows } = await client.query<{ drop: string }>(
    `SELECT format('ALTER TABLE %s DROP CONSTRAINT %I', conrelid::regclass, conname) AS drop FROM pg_constraint WHERE contype = 'f'`,
  )
  for (const { drop } of rows) await client.query(drop)
  const db = openSqlite(source.path)
  const captured = armChangeLog(db, readSqliteCatalogue(db).tables)
  const mappings = mapTables(readSqliteCatalogue(db), await readPostgresCatalogue(client, 'public')).tables
  const tables = captured.flatMap((one) =>
    mappings.filter(({ table }) => table === one.table).map((mapping) => ({ captured: one, mapping })),
  )
  await startApplied(client, 0)
  const applier = await createChangeApplier({ client, tables, applied: 0 })
  const different = async () => {
    const { tables: compared } = await verifyDatabases(
      { sourcePath: source.path, targetUrl: target.url, tables: mappings.map(({ table }) => table) },
      quiet,
      never,
    )
    return compared
      .filter(({ content }) => content !== 'identical')
      .map(({ table, differences, reason }) => ({ table, differences, reason }))
  }
  return {
    db,
    client,
    applier,
    tables,
    path: source.path,
    different,
    async [Symbol.asyncDispose]() {
      db.close()
      await client.end()
      await target[Symbol.asyncDispose]()
      await source.remove()
    },
  }
}

describe.each([...inject('postgresServers')])('applying changes on $name', (server) => {
  let kept: Awaited<ReturnType<typeof copied>>
  beforeAll(async () => {
    // Values of every class in one column have no type on PostgreSQL.
    kept = await copied(server, `${awkwardScript} DELETE FROM loose;`)
  })
  afterAll(() => kept[Symbol.asyncDispose]())

  it('whatever was written, the copy is the source again after one round', async () => {
    const { db, applier, client, different } = kept
    expect(await applier.round(db)).toMatchObject({ upTo: 0, changes: 0, keys: 0, rows: 0 })
    // One after the other on what the ones before left: some then do nothing, and the order makes others of it.
    const app = new Database(kept.path)
    app.pragma('foreign_keys = ON')
    for (const [index, [what, sql]] of awkwardWrites.entries()) {
      try {
        app.exec(sql)
      } catch (error) {
        // Refused by a rule of the file, after what the writes before it made: nothing was changed then.
        expect(String(error), what).toMatch(/constraint failed/i)
      }
      // Every other one proves itself, which needs the same rows on both sides in the same transaction.
      const round = await applier.round(db, { prove: index % 2 === 0 })
      expect(round.upTo).toBe(highestChange(db))
      expect(await readApplied(client), what).toMatchObject({ seq: round.upTo })
      // A comparison of all tables takes much longer than the round; a fault stays visible.
      if (index % 6 === 5 || index === awkwardWrites.length - 1) expect(await different(), `up to: ${what}`).toEqual([])
    }
    app.close()
  })

  it('a unique value that wanders from row to row, many rows at once, and a row of some megabytes', async () => {
    const { db, applier, different } = kept
    db.exec(
      `DELETE FROM pair; WITH RECURSIVE n (i) AS (SELECT 1 UNION ALL SELECT i + 1 FROM n WHERE i < 3000) INSERT INTO pair SELECT i, 'x', i FROM n`,
    )
    expect(await applier.round(db)).toMatchObject({ rows: 3000 })
    db.exec('UPDATE pair SET v = -v; UPDATE pair SET v = v + 3001')
    db.prepare('INSERT INTO word VALUES (?, ?)').run('large', 'é\\\t\n'.repeat(2e6))
    expect(await applier.round(db, { prove: true })).toMatchObject({ changes: 6001, keys: 3001, rows: 3001 })
    expect(await different()).toEqual([])
  })

  it('a value that PostgreSQL cannot hold is named, nothing of the round is applied, and the corrected row is', async () => {
    const { db, applier, client, different } = kept
    const before = await readApplied(client)
    db.prepare(`INSERT INTO "we""ird" (id, mail) VALUES (901, ?)`).run('a\0b')
    db.exec(`INSERT INTO word VALUES ('also', 'new')`)
    await expect(applier.round(db)).rejects.toMatchObject({ code: 'TARGET_REFUSED_ROW', subject: 'we"ird · id=901' })
    db.exec(`UPDATE "we""ird" SET mail = 'fine' WHERE id = 901; INSERT INTO word VALUES (NULL, 'no key')`)
    await expect(applier.round(db)).rejects.toMatchObject({ code: 'VALUE_REFUSED', subject: 'word' })
    expect(await readApplied(client)).toEqual(before)
    db.exec(`UPDATE word SET id = 'named' WHERE id IS NULL`)
    await applier.round(db)
    expect(await different()).toEqual([])
  })

  it('a round that proves itself carries the proof on, and finds a row that is other than what was sent', async () => {
    const { db, applier, client } = kept
    await client.query('UPDATE bascule.applied SET proven_seq = seq')
    db.exec(`UPDATE word SET v = 'proved'`)
    await applier.round(db, { prove: true })
    expect(await readApplied(client)).toEqual({ seq: applier.applied, provenSeq: applier.applied })
    await client.query(`CREATE FUNCTION twist () RETURNS trigger LANGUAGE plpgsql AS 'BEGIN NEW.v := upper(NEW.v); RETURN NEW; END';
      CREATE TRIGGER twist BEFORE INSERT ON word FOR EACH ROW EXECUTE FUNCTION twist ()`)
    db.exec(`UPDATE word SET v = 'twisted'`)
    await expect(applier.round(db, { prove: true })).rejects.toMatchObject({ code: 'CONTENT_DIFFERS', subject: 'word' })
    await client.query('DROP TRIGGER twist ON word; DROP FUNCTION twist')
    await applier.round(db)
    // Not compared: equal only up to the round before.
    expect((await readApplied(client))?.provenSeq).toBeLessThan(applier.applied)
  })

  it('cut short or begun by somebody else, a round leaves nothing behind', async () => {
    const { db, applier, client, tables, different } = kept
    db.exec(`UPDATE pair SET v = v + 5000`)
    const cancel = new AbortController()
    cancel.abort()
    await expect(applier.round(db, { signal: cancel.signal })).rejects.toMatchObject({ code: 'CANCELLED' })
    const late = await createChangeApplier({ client, tables, applied: applier.applied })
    await applier.round(db)
    db.exec(`DELETE FROM pair WHERE a = 1`)
    await expect(late.round(db)).rejects.toMatchObject({ code: 'STATE_CONFLICT' })
    await applier.round(db)
    expect(await different()).toEqual([])
  })
})
