import { describe, expect, inject, it } from 'vitest'
import { verifyDatabases } from '@/lib/verification/verify-databases'
import { withPostgres } from '@/tests/support/postgres-databases'
import { isUntouched, migrateWhole, refusals } from './whole-migration'

const names = 'n'.repeat(63)

describe.each([...inject('postgresServers')])('structure, on $name', (server) => {
  it('40–43, 46–49, 53, 54, 56: names, rules, keys, sequences and references arrive whole', async () => {
    await using moved = await migrateWhole(
      server,
      `CREATE TABLE "Select" ("order" INTEGER PRIMARY KEY AUTOINCREMENT, "é""t" TEXT NOT NULL DEFAULT 'it''s', [a b] INT CHECK ([a b] > 0), "${names}" TEXT);
       INSERT INTO "Select" VALUES (3, 'x', 1, NULL), (9, 'y', 2, ''); DELETE FROM "Select" WHERE "order" = 9;
       CREATE TABLE _bascule_mine (id INTEGER PRIMARY KEY AUTOINCREMENT, up INTEGER REFERENCES _bascule_mine DEFERRABLE INITIALLY DEFERRED);
       INSERT INTO _bascule_mine VALUES (41, NULL); DELETE FROM _bascule_mine;
       CREATE TABLE pair (b TEXT, a INTEGER, note TEXT, PRIMARY KEY (b, a)) WITHOUT ROWID; INSERT INTO pair VALUES ('k', 1, 'n'), ('j', 2, 'm');
       CREATE TABLE leaf (id INTEGER PRIMARY KEY, pb TEXT, pa INT, email TEXT COLLATE NOCASE UNIQUE, gone DATETIME, code TEXT COLLATE RTRIM,
         FOREIGN KEY (pb, pa) REFERENCES pair (b, a) ON UPDATE CASCADE ON DELETE SET NULL);
       CREATE UNIQUE INDEX live ON leaf (pb) WHERE gone IS NULL; CREATE INDEX folded ON leaf (lower(pb), pa DESC); CREATE UNIQUE INDEX trimmed ON leaf (code);
       INSERT INTO leaf VALUES (1, 'k', 1, 'É@b', NULL, 'c'), (2, 'k', 1, 'é@b', '2024-01-01 00:00:00', NULL)`,
    )
    expect(moved.result.error).toBeUndefined()
    expect(moved.result.findings.map(({ code, shape }) => `${code} ${shape}`)).toEqual([
      'NOCASE_INDEX sqlite_autoindex_leaf_1',
      'RTRIM_INDEX trimmed',
    ])
    expect(await moved.rows('SELECT "order", "é""t", "a b" FROM "Select"')).toEqual([['3', 'x', '1']])
    expect(await moved.rows('SELECT b, a, note FROM pair ORDER BY a')).toEqual([
      ['k', '1', 'n'],
      ['j', '2', 'm'],
    ])
    const references = await moved.rows(
      `SELECT pg_get_constraintdef(oid) FROM pg_constraint WHERE contype = 'f' AND convalidated ORDER BY conrelid::regclass::text`,
    )
    expect(references.flat()).toEqual([
      'FOREIGN KEY (up) REFERENCES _bascule_mine(id) DEFERRABLE INITIALLY DEFERRED',
      'FOREIGN KEY (pb, pa) REFERENCES pair(b, a) ON UPDATE CASCADE ON DELETE SET NULL',
    ])
    await withPostgres(moved.target.url, async (client) => {
      // 46, 47: the ids of deleted rows are not given again, nor those of an emptied table.
      expect((await client.query(`INSERT INTO "Select" ("a b") VALUES (1) RETURNING "order", "é""t" AS text`)).rows).toEqual([
        { order: 10, text: "it's" },
      ])
      expect((await client.query('INSERT INTO _bascule_mine DEFAULT VALUES RETURNING id')).rows).toEqual([{ id: 42 }])
      await expect(client.query(`INSERT INTO "Select" ("a b") VALUES (0)`)).rejects.toThrow(/violates check constraint/)
      await expect(client.query(`INSERT INTO leaf (id, pb, pa) VALUES (5, 'k', 1)`)).rejects.toThrow(/"live"/)
      await client.query(`INSERT INTO leaf (id, pb, pa, gone) VALUES (6, 'k', 1, '2024-01-02')`)
      await expect(client.query(`INSERT INTO leaf (id, email) VALUES (7, 'É@B')`)).rejects.toThrow(/leaf_email_key/)
      await expect(client.query(`INSERT INTO leaf (id, code) VALUES (8, 'c  ')`)).rejects.toThrow(/trimmed/)
    })
  })

  it('48: an implicit many-to-many keeps its rows and its key; 52: defaults by the model', async () => {
    await using moved = await migrateWhole(
      server,
      `CREATE TABLE "Post" (id INTEGER NOT NULL PRIMARY KEY AUTOINCREMENT, at DATETIME NOT NULL DEFAULT (strftime('%J', 'now'))); CREATE TABLE "Tag" (id TEXT NOT NULL PRIMARY KEY);
       CREATE TABLE "_PostToTag" ("A" INTEGER NOT NULL, "B" TEXT NOT NULL,
         FOREIGN KEY ("A") REFERENCES "Post" ("id") ON DELETE CASCADE ON UPDATE CASCADE, FOREIGN KEY ("B") REFERENCES "Tag" ("id") ON DELETE CASCADE ON UPDATE CASCADE);
       CREATE UNIQUE INDEX "_PostToTag_AB_unique" ON "_PostToTag"("A", "B"); CREATE INDEX "_PostToTag_B_index" ON "_PostToTag"("B");
       INSERT INTO "Post" VALUES (3, '2024-01-01'); INSERT INTO "Tag" VALUES ('t'), ('u'); INSERT INTO "_PostToTag" VALUES (3, 't'), (3, 'u')`,
      `datasource db {\n  provider = "sqlite"\n  url = env("DATABASE_URL")\n}\ngenerator x {\n  provider = "unknown-generator"\n  previewFeatures = ["gone"]\n}
       // model Not { in a comment
       model Post {\n  id Int @id @default(autoincrement())\n  at DateTime @default(now())\n  tags Tag[]\n}\nmodel Tag {\n  id String @id\n  posts Post[]\n}`,
    )
    expect(moved.result.error).toBeUndefined()
    expect(await moved.rows('SELECT * FROM "_PostToTag" ORDER BY 2')).toEqual([
      ['3', 't'],
      ['3', 'u'],
    ])
    await withPostgres(moved.target.url, async (client) => {
      await expect(client.query(`INSERT INTO "_PostToTag" VALUES (3, 't')`)).rejects.toThrow(/duplicate key/)
      expect(
        (await client.query('INSERT INTO "Post" DEFAULT VALUES RETURNING id, at > now() - interval \'1 hour\' AS fresh')).rows,
      ).toEqual([{ id: 4, fresh: true }])
    })
  })

  it('49: an index whose keys PostgreSQL would tell apart otherwise, or not make at all, is left behind and named', async () => {
    await using moved = await migrateWhole(
      server,
      `CREATE TABLE t (id INTEGER PRIMARY KEY, j JSON, k TEXT COLLATE NOCASE, i INTEGER, m INTEGER, h REAL AS (m / 2));
       CREATE UNIQUE INDEX same_json ON t (json_extract(j, '$.a'));
       CREATE UNIQUE INDEX same_case ON t ((k));
       CREATE INDEX sums ON t (i * 2);
       CREATE INDEX opposite ON t (-i);
       CREATE INDEX json ON t (json_extract(j, '$.b'));
       CREATE UNIQUE INDEX folded ON t (lower(k));
       INSERT INTO t (id, j, k, i, m) VALUES (1, '{"a":1}', 'a', 2147483647, 3), (2, '{"a":"1"}', 'b', -2147483648, 2.5)`,
    )
    expect(moved.result.error).toBeUndefined()
    expect(
      moved.result.findings.flatMap(({ code, column, shape }) => (/LEFT|FIXED/.test(code) ? [`${code} ${column ?? shape}`] : [])).sort(),
    ).toEqual(['GENERATED_COLUMN_FIXED h', 'INDEX_LEFT_BEHIND opposite', 'INDEX_LEFT_BEHIND sums', 'UNIQUE_LEFT_BEHIND same_json'])
    expect(await moved.rows('SELECT id, h FROM t ORDER BY id')).toEqual([
      ['1', '1'],
      ['2', '1.25'],
    ])
    await withPostgres(moved.target.url, async (client) => {
      await expect(client.query(`INSERT INTO t (id, k) VALUES (9, 'A')`)).rejects.toThrow(/duplicate key/)
    })
  })

  it('49, 51: computed columns and expressions are computed on PostgreSQL as SQLite did, or become ordinary and are named', async () => {
    await using moved = await migrateWhole(
      server,
      `CREATE TABLE t (id INTEGER PRIMARY KEY, a TEXT, j TEXT, p REAL, q INTEGER, g1 TEXT AS (substr(a, 1, 3)), g2 TEXT AS (json_extract(j, '$.name')) STORED,
         g3 REAL AS (p * q), g4 TEXT AS (a || '-' || q), g5 TEXT AS (upper(a)), g6 TEXT AS (j ->> 'name'), g7 TEXT AS (substr(a, -2)),
         g8 REAL AS (round(p)), g9 TEXT AS (iif(q > 2, 'many', 'few')), g10 TEXT AS (substr(a, instr(a, 'b') + 1)),
         g11 REAL AS (p / q), g12 INTEGER AS (q * 2000000000), g13 INTEGER AS (q % q),
         no1 TEXT AS (printf('%d', q)), no2 TEXT AS (json_extract(j, '$.n')), no3 TEXT AS (strftime('%Y', a)),
         CHECK (a GLOB '[^0-9]*' OR a = ''), CHECK (hex(q) <> '00'));
       CREATE TABLE o (id INTEGER PRIMARY KEY, n INTEGER, beyond REAL AS (n * 2)); INSERT INTO o (id, n) VALUES (1, 9223372036854775807), (2, 4);
       INSERT INTO t (id, a, j, p, q) VALUES (1, 'abcdé', '{"name":"Ann","n":true}', 2.5, 3), (2, 'É', '{"name":null}', -0.5, 1), (3, NULL, NULL, NULL, NULL), (4, '', '{}', 1e10, 0)`,
    )
    expect(moved.result.error).toBeUndefined()
    expect(await moved.rows('SELECT n, beyond FROM o ORDER BY id')).toEqual([
      ['9223372036854775807', '1.8446744073709552e+19'],
      ['4', '8'],
    ])
    expect(moved.result.findings.map(({ code, column, shape }) => `${code} ${column ?? shape}`)).toEqual([
      'GENERATED_COLUMN_FIXED beyond',
      'GENERATED_COLUMN_FIXED no1',
      'GENERATED_COLUMN_FIXED no2',
      'GENERATED_COLUMN_FIXED no3',
      `CHECK_LEFT_BEHIND CHECK (hex(q) <> '00')`,
    ])
    expect(await moved.rows('SELECT id, g1, g2, g3, g4, g5, g6, g7, g8, g9, g10, g11, g12, g13, no1, no2 FROM t ORDER BY id')).toEqual([
      ['1', 'abc', 'Ann', '7.5', 'abcdé-3', 'ABCDé', 'Ann', 'dé', '3', 'many', 'cdé', '0.8333333333333334', '6000000000', '0', '3', '1'],
      ['2', 'É', null, '-0.5', 'É-1', 'É', null, 'É', '-1', 'few', 'É', '-0.5', '2000000000', '0', '1', null],
      ['3', null, null, null, null, null, null, null, null, 'few', null, null, null, null, '0', null],
      ['4', '', null, '0', '-0', '', null, '', '10000000000', 'few', '', null, '0', null, '0', null],
    ])
    await withPostgres(moved.target.url, async (client) => {
      await expect(client.query(`INSERT INTO t (id, a) VALUES (9, '1x')`)).rejects.toThrow(/violates check constraint/)
    })
  })

  it('55: what is not a table is listed and left behind; 50: nothing else is', async () => {
    await using moved = await migrateWhole(
      server,
      `CREATE TABLE t (id INTEGER PRIMARY KEY ON CONFLICT REPLACE, v TEXT UNIQUE ON CONFLICT IGNORE CHECK (v <> 'ON CONFLICT FAIL')); CREATE VIEW seen AS SELECT v FROM t; CREATE TRIGGER tr AFTER INSERT ON t BEGIN DELETE FROM t WHERE id < 0; END;
       CREATE VIRTUAL TABLE search USING fts5(v); CREATE VIRTUAL TABLE boxes USING rtree(id, a, b); CREATE TABLE search_mine (id INTEGER PRIMARY KEY); CREATE TABLE _prisma_migrations (id TEXT PRIMARY KEY); INSERT INTO t VALUES (1, 'a'); ANALYZE`,
    )
    expect(moved.result.error).toBeUndefined()
    expect(moved.result.findings.map(({ code, shape }) => `${code} ${shape}`).sort()).toEqual([
      'CONFLICT_CLAUSE_LEFT_BEHIND ON CONFLICT IGNORE, REPLACE',
      'MIGRATION_HISTORY_LEFT_BEHIND null',
      'TRIGGER_LEFT_BEHIND trigger tr',
      'VIEW_LEFT_BEHIND view seen',
      'VIRTUAL_TABLE_LEFT_BEHIND virtual-table boxes',
      'VIRTUAL_TABLE_LEFT_BEHIND virtual-table search',
    ])
    const tables = await moved.rows(`SELECT relname FROM pg_class WHERE relkind = 'r' AND relnamespace = 'public'::regnamespace ORDER BY 1`)
    expect(tables.flat()).toEqual(['search_mine', 't'])
  })

  it('42, 46, 52: a column called null, a counter and a default beyond 32 bits; the proof knows what had no equal', async () => {
    const many = Array.from({ length: 33 }, (_, at) => `c${at}`)
    await using moved = await migrateWhole(
      server,
      `CREATE TABLE t (id INTEGER PRIMARY KEY AUTOINCREMENT, "null" INTEGER, v TEXT, big INTEGER DEFAULT 3000000000, top INTEGER DEFAULT -9223372036854775808);
       INSERT INTO t ("null", v, big, top) VALUES (1, NULL, 1, 1), (NULL, 'b', 2, 2); UPDATE sqlite_sequence SET seq = 3000000000;
       CREATE UNIQUE INDEX one ON t ("null") WHERE v IS NULL; CREATE UNIQUE INDEX odd ON t (v) WHERE typeof(v) = 'blob';
       CREATE TABLE wide (${many.map((name) => `${name} INTEGER`).join(', ')}); CREATE INDEX widest ON wide (${many.join(', ')});`,
    )
    expect(moved.result.error).toBeUndefined()
    expect(moved.result.findings.map(({ code, table }) => `${code} ${table}`).sort()).toEqual([
      'INDEX_LEFT_BEHIND wide',
      'UNIQUE_LEFT_BEHIND t',
    ])
    expect(await moved.rows(`SELECT indexdef FROM pg_indexes WHERE indexname = 'one'`)).toEqual([
      [expect.stringMatching(/\("null"\) WHERE \(v IS NULL\)$/)],
    ])
    expect(await moved.rows(`INSERT INTO t (v) VALUES ('new') RETURNING id, "null", big, top`)).toEqual([
      ['3000000001', null, '3000000000', '-9223372036854775808'],
    ])
    await moved.rows(`DELETE FROM t WHERE v = 'new'`)
    const targets = { sourcePath: moved.source.path, targetUrl: moved.target.url }
    const proof = await verifyDatabases(targets, () => undefined, new AbortController().signal)
    expect(proof.findings.filter(({ severity }) => severity === 'blocks')).toEqual([])
    expect(proof.status).toBe('succeeded')
    // What was there when the copy was finished is still asked for.
    await moved.rows('DROP INDEX one')
    const changed = await verifyDatabases(targets, () => undefined, new AbortController().signal)
    expect(changed.findings.filter(({ severity }) => severity === 'blocks').map(({ code }) => code)).toEqual(['INDEX_GONE'])
  })

  it('44, 45, 58, 59: what PostgreSQL cannot hold is refused beforehand, with table, key and limit', async () => {
    const long = 'é'.repeat(32)
    const keyed = Array.from({ length: 33 }, (_, index) => `k${index}`).join(', ')
    await using refused = await migrateWhole(
      server,
      `PRAGMA foreign_keys = OFF; CREATE TABLE p (id TEXT PRIMARY KEY); CREATE TABLE c (id TEXT PRIMARY KEY, p TEXT REFERENCES p (id));
       INSERT INTO p VALUES ('a'), (NULL); INSERT INTO c VALUES ('x', 'a'), ('y', 'gone');
       CREATE TABLE w (k TEXT PRIMARY KEY, p TEXT REFERENCES p (id)) WITHOUT ROWID; INSERT INTO w VALUES ('z', 'gone');
       CREATE TABLE "${long}" (id INTEGER PRIMARY KEY); CREATE TABLE many (${Array.from({ length: 1601 }, (_, index) => `c${index}`).join(', ')});
       CREATE TABLE texts (id INTEGER PRIMARY KEY, a TEXT UNIQUE, b TEXT); CREATE INDEX plain ON texts (b);
       INSERT INTO texts VALUES (1, hex(randomblob(3000)), 'short'), (2, replace(hex(zeroblob(5000)), '00', 'ab'), hex(randomblob(3000)));
       CREATE TABLE keyed (${keyed}, PRIMARY KEY (${keyed})); CREATE TABLE listed (${keyed}); CREATE INDEX "over 33" ON listed (${keyed});
       CREATE TABLE wide (${Array.from({ length: 1200 }, (_, index) => `c${index} REAL`).join(', ')}); INSERT INTO wide VALUES (${Array(1200).fill('1.5').join(', ')});
       PRAGMA ignore_check_constraints = ON; CREATE TABLE ruled (id INTEGER PRIMARY KEY, n INT CHECK (n > 0)); INSERT INTO ruled VALUES (1, 5), (8, -5)`,
    )
    expect([...refusals(refused.result)].sort()).toEqual([
      'CHECK_VIOLATED ruled {"id":"8"} ×1',
      'INDEX_VALUE_TOO_LONG texts.a {"id":"1"} ×1',
      'INDEX_VALUE_TOO_LONG texts.b {"id":"2"} ×1',
      `NAME_TOO_LONG ${long} null ×1`,
      'NULL_IN_PRIMARY_KEY p.id {"id":"NULL","rowid":"2"} ×1',
      'ORPHAN_ROWS c.p {"id":"y"} ×1',
      'ORPHAN_ROWS w.p {"k":"z"} ×1',
      'ROW_TOO_WIDE wide {"rowid":"1"} ×1',
      'TOO_MANY_COLUMNS many null ×1',
      'TOO_MANY_KEY_COLUMNS keyed null ×1',
    ])
    expect(refused.result.findings.filter(({ code }) => code === 'INDEX_LEFT_BEHIND').map(({ shape }) => shape)).toEqual(['over 33'])
    expect(refused.result.findings.every(({ hint }) => hint !== '')).toBe(true)
    expect(await isUntouched(refused)).toBe(true)
  })
})
