import type pg from 'pg'
import { expect, inject, it } from 'vitest'
import { asTargetUrl } from '@/lib/postgres/target-url'
import { createPostgresDatabase, withPostgres } from '@/tests/support/postgres-databases'
import { createSqliteDatabase } from '@/tests/support/sqlite-databases'
import { buildStructure } from './build-structure'
import { migrate } from './testing/repaired-migration'

const [server] = inject('postgresServers')

// Tables large enough to be built one by one: the indexes of the second and third are built beside the look at the references.
const source = `
  CREATE TABLE parent (id INTEGER PRIMARY KEY, name TEXT NOT NULL UNIQUE);
  CREATE TABLE event (id INTEGER PRIMARY KEY, parent INTEGER REFERENCES parent (id), kind TEXT);
  CREATE TABLE note (id INTEGER PRIMARY KEY, code TEXT, event INTEGER REFERENCES event (id), answers INTEGER REFERENCES note (id));
  CREATE TABLE tag (note INTEGER NOT NULL REFERENCES note (id), event INTEGER REFERENCES event (id), word TEXT NOT NULL, PRIMARY KEY (note, word));
  CREATE INDEX event_parent ON event (parent); CREATE INDEX event_kind ON event (kind);
  CREATE UNIQUE INDEX note_code ON note (code); CREATE INDEX note_event ON note (event); CREATE INDEX note_answers ON note (answers);
  CREATE INDEX tag_event ON tag (event);
  INSERT INTO parent VALUES (1, 'one'), (2, 'two');
  WITH RECURSIVE n(i) AS (SELECT 1 UNION ALL SELECT i + 1 FROM n WHERE i < 24000) INSERT INTO event SELECT i, 1 + i % 2, 'k' || i % 7 FROM n;
  WITH RECURSIVE n(i) AS (SELECT 1 UNION ALL SELECT i + 1 FROM n WHERE i < 22000) INSERT INTO note SELECT i, 'c' || i, i, nullif(i - 1, 0) FROM n;
  WITH RECURSIVE n(i) AS (SELECT 1 UNION ALL SELECT i + 1 FROM n WHERE i < 21000) INSERT INTO tag SELECT i, i, 'w' FROM n;`

const standing = ['event f 1 true', 'event p 1 true', 'note f 2 true', 'note p 1 true', 'parent p 1 true', 'tag f 2 true', 'tag p 1 true']

it('every index and reference of large tables stands, and is valid, whatever was built beside what', async () => {
  await using from = await createSqliteDatabase(source)
  await using target = await createPostgresDatabase(server ?? expect.fail('no server'))
  const result = await migrate(from, target, [])
  expect(result.error).toBeUndefined()
  await withPostgres(target.url, async (client) => {
    const indexes = await client.query<{ name: string }>(
      `SELECT c.relname AS name FROM pg_index x JOIN pg_class c ON c.oid = x.indexrelid
       WHERE c.relnamespace = 'public'::regnamespace AND x.indisvalid AND NOT x.indisprimary ORDER BY 1`,
    )
    const own = ['event_kind', 'event_parent', 'note_answers', 'note_code', 'note_event', 'tag_event']
    expect(indexes.rows.map(({ name }) => name)).toEqual(expect.arrayContaining(own))
    expect(await readKeys(client)).toEqual(standing)
    // Killed after the index of a key was built, and before it was the key.
    await client.query('ALTER TABLE event DROP CONSTRAINT event_pkey CASCADE; CREATE UNIQUE INDEX event_pkey ON event (id)')
    const rowsOf = new Map([
      ['event', 24_000],
      ['note', 22_000],
      ['tag', 21_000],
    ])
    const options = { target: asTargetUrl(target.url), applicationName: 'again', lanes: 2, rowsOf }
    await buildStructure(client, options, () => undefined, new AbortController().signal)
    expect(await readKeys(client)).toEqual(standing)
  })
})

async function readKeys(client: pg.Client): Promise<readonly string[]> {
  const { rows } = await client.query(
    `SELECT conrelid::regclass::text AS "table", contype AS kind, count(*)::int AS n, bool_and(convalidated) AS valid FROM pg_constraint
     WHERE connamespace = 'public'::regnamespace AND contype IN ('p', 'f') GROUP BY 1, 2 ORDER BY 1, 2`,
  )
  return rows.map(({ table, kind, n, valid }) => `${table} ${kind} ${n} ${valid}`)
}
