import Database from 'better-sqlite3'
import { describe, expect, inject, it } from 'vitest'
import type { Report } from '@/lib/core/progress'
import { lowerFence } from '@/lib/sqlite/fence'
import { openSqlite } from '@/lib/sqlite/open-database'
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

const goBack = (source: TestSqliteDatabase, target: TestPostgresDatabase, report: Report = quiet) =>
  rollBack({ sourcePath: source.path, targetUrl: target.url, freezeLimitMs: 60_000 }, async () => {}, report, never)

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

describe('going back to keys that are stored in another class or spelling than Prisma writes', () => {
  const value = (table: string) => `SELECT typeof(k), CAST(k AS TEXT), v FROM ${table} ORDER BY v`

  it.each([
    {
      what: 'any class in a STRICT table',
      script: `CREATE TABLE t (k ANY PRIMARY KEY, v ANY) STRICT, WITHOUT ROWID; INSERT INTO t VALUES (1, 'a'), (2.5, 'b'), ('z', 'c')`,
      written: `UPDATE t SET v = 'a2' WHERE k = '1'; DELETE FROM t WHERE k = '2.5'`,
      rows: [
        ['integer', '1', 'a2'],
        ['text', 'z', 'c'],
      ],
    },
    {
      what: 'bytes in a TEXT key',
      script: `CREATE TABLE t (k TEXT PRIMARY KEY, v TEXT); INSERT INTO t VALUES (CAST('ab' AS BLOB), '1'), ('cd', '2'), (x'6566', '3')`,
      models: 'model t {\n k String @id\n v String?\n}',
      written: `UPDATE t SET v = '4' WHERE k = 'ab'; UPDATE t SET v = '5' WHERE k = 'cd'; DELETE FROM t WHERE k = 'ef'`,
      rows: [
        ['blob', 'ab', '4'],
        ['text', 'cd', '5'],
      ],
    },
    {
      what: 'a number in a text key without a type',
      script: `CREATE TABLE t (k PRIMARY KEY, v TEXT); INSERT INTO t VALUES (1, '1'), ('x', '2')`,
      models: 'model t {\n k String @id\n v String?\n}',
      written: `UPDATE t SET v = '3' WHERE k = '1'; UPDATE t SET v = '4' WHERE k = 'x'; INSERT INTO t VALUES ('2', '5')`,
      rows: [
        ['integer', '1', '3'],
        ['text', 'x', '4'],
        ['text', '2', '5'],
      ],
    },
    {
      what: 'a text in an integer key without a type',
      script: `CREATE TABLE t (k PRIMARY KEY, v TEXT); INSERT INTO t VALUES ('5', '1'), (6, '2')`,
      models: 'model t {\n k Int @id\n v String?\n}',
      written: `UPDATE t SET v = '3' WHERE k = 5; UPDATE t SET v = '4' WHERE k = 6`,
      rows: [
        ['text', '5', '3'],
        ['integer', '6', '4'],
      ],
    },
    {
      what: 'decimals as texts with zeros',
      script: `CREATE TABLE t (k TEXT PRIMARY KEY, v TEXT); INSERT INTO t VALUES ('1.10', '1'), ('2.50', '2'), ('003', '3')`,
      models: 'model t {\n k Decimal @id\n v String?\n}',
      written: `UPDATE t SET v = '4' WHERE k = 1.1; DELETE FROM t WHERE k = 2.5; UPDATE t SET v = '5' WHERE k = 3`,
      rows: [
        ['text', '1.10', '4'],
        ['text', '003', '5'],
      ],
    },
    {
      what: 'booleans and floats as texts',
      script: `CREATE TABLE t (k TEXT, k2, v TEXT, PRIMARY KEY (k, k2)); INSERT INTO t VALUES ('true', '1.5', '1'), ('false', 2, '2')`,
      models: 'model t {\n k Boolean\n k2 Float\n v String?\n @@id([k, k2])\n}',
      written: `UPDATE t SET v = '3' WHERE k; UPDATE t SET v = '4' WHERE NOT k`,
      rows: [
        ['text', 'true', '3'],
        ['text', 'false', '4'],
      ],
    },
    {
      what: 'instants in other spellings, of which one begins as another',
      script: `CREATE TABLE t (k PRIMARY KEY, v TEXT);
        INSERT INTO t VALUES ('2024-01-01T00:00:00+02:00', '1'), (1704189600000.0, '2'), ('2024-03-01 10:00', '3'), ('2024-05-01 00:00:00', '4')`,
      models: 'model t {\n k DateTime @id\n v String?\n}',
      written: `UPDATE t SET v = '5' WHERE k = '2023-12-31 22:00'; UPDATE t SET v = '6' WHERE k = '2024-01-02 10:00';
        UPDATE t SET v = '7' WHERE k = '2024-03-01 10:00'; INSERT INTO t VALUES ('2024-05-01 00:00:00.5', '8')`,
      rows: [
        ['text', '2024-05-01 00:00:00', '4'],
        ['text', '2024-01-01T00:00:00+02:00', '5'],
        ['real', '1704189600000.0', '6'],
        ['text', '2024-03-01 10:00', '7'],
        ['integer', '1714521600500', '8'],
      ],
    },
  ])('finds the rows: $what', async ({ rows, ...trip }) => {
    expect(await answerAfter(trip, value('t'))).toEqual(rows)
  })

  it('never commits a row twice: where one that must be there is not found, the rows are counted', async () => {
    const script = `CREATE TABLE t (k INTEGER PRIMARY KEY, v TEXT); INSERT INTO t VALUES (1, 'a'), (2, 'b')`
    await onPostgres({ script, written: `UPDATE t SET v = 'c' WHERE k = 1` }, async (source, target) => {
      const db = openSqlite(source.path)
      lowerFence(db)
      db.exec('UPDATE t SET k = 7 WHERE k = 1')
      db.close()
      await expect(goBack(source, target)).rejects.toMatchObject({
        code: 'CONTENT_DIFFERS',
        message: expect.stringContaining('number of rows'),
      })
      expect(read(source, 'SELECT k, v FROM t')).toEqual([
        [2, 'b'],
        [7, 'a'],
      ])
    })
  })
})

describe('going back to a file that lacks columns of the data model', () => {
  const script = `CREATE TABLE "T" ("id" INTEGER NOT NULL PRIMARY KEY AUTOINCREMENT, "a" TEXT); INSERT INTO T (a) VALUES ('x')`
  const models = `model T {\n id Int @id @default(autoincrement())\n a String?\n extra String?\n flag Boolean @default(true)\n}`

  it('goes on while no row says anything in them', async () => {
    const written = `UPDATE "T" SET a = 'y'; INSERT INTO "T" (a) VALUES ('z')`
    expect(await answerAfter({ script, models, written }, 'SELECT * FROM T')).toEqual([
      [1, 'y'],
      [2, 'z'],
    ])
  })

  it('names the column whose values would be lost, also when they come while rows are carried', async () => {
    await onPostgres({ script, models, written: `UPDATE "T" SET flag = false` }, async (source, target) => {
      const refusal = (column: string) => ({ code: 'STRUCTURE_UNSUPPORTED', subject: column, hint: expect.stringContaining('default') })
      await expect(goBack(source, target)).rejects.toMatchObject(refusal('T.flag'))
      await sql(target, `UPDATE "T" SET flag = true`)
      const late: Promise<unknown>[] = []
      const written = goBack(source, target, (event) => {
        // The plan was made by then, and the last round is still to come.
        if (event.type === 'phase' && event.phase === 'carry' && event.status === 'started')
          late.push(sql(target, `UPDATE "T" SET extra = 'new'`))
      })
      await expect(written).rejects.toMatchObject(refusal('T.extra'))
      await Promise.all(late)
    })
  })
})

describe('going back to columns of other types than Prisma makes', () => {
  it('keeps instants as milliseconds in a column of integers that had no value yet', async () => {
    const script = `CREATE TABLE "T" ("id" INTEGER NOT NULL PRIMARY KEY, "at" INTEGER) STRICT;
      CREATE TABLE "U" ("id" INTEGER NOT NULL PRIMARY KEY, "at" BIGINT CHECK (typeof(at) = 'integer'), "other" DATETIME)`
    const models = `model T {\n id Int @id\n at DateTime?\n}\nmodel U {\n id Int @id\n at DateTime?\n other DateTime?\n}`
    const written = `INSERT INTO "T" VALUES (1, '2024-01-02 03:04:05.678'); INSERT INTO "U" VALUES (1, '2024-01-02 03:04:05.678', '2024-01-02 00:00:00')`
    expect(await answerAfter({ script, models, written }, 'SELECT T.at, U.at, other FROM T, U')).toEqual([
      [1704164645678, 1704164645678, '2024-01-02T00:00:00.000+00:00'],
    ])
  })

  it('carries whole decimals of 64 bits exactly, and the digits of others into a column of texts', async () => {
    const script = `CREATE TABLE "T" ("id" INTEGER NOT NULL PRIMARY KEY, m DECIMAL, t TEXT)`
    const models = `model T {\n id Int @id\n m Decimal?\n t Decimal?\n}`
    const written = `INSERT INTO "T" VALUES (1, 123456789012345678, 12345678901234567890.5), (2, -9223372036854775808, 12345678901234567890000),
      (3, 9007199254740993, 100)`
    const rows = [
      ['integer', '123456789012345678', '12345678901234567890.5'],
      ['integer', '-9223372036854775808', '12345678901234567890000'],
      ['integer', '9007199254740993', '100.0'],
    ]
    expect(await answerAfter({ script, models, written }, 'SELECT typeof(m), CAST(m AS TEXT), t FROM T')).toEqual(rows)
  })
})

describe('going back to a table without a key', () => {
  const script = `CREATE TABLE k (a TEXT, v NUMERIC); INSERT INTO k VALUES ('p', 'x'), ('q', 1), ('q', 1)`

  it('carries its rows, each as often as it is there', async () => {
    const written = `INSERT INTO k VALUES ('y', 'ok'), ('y', 'ok'); DELETE FROM k WHERE a = 'p'`
    expect(await answerAfter({ script, written }, 'SELECT a, typeof(v), v FROM k ORDER BY a')).toEqual([
      ['q', 'integer', 1],
      ['q', 'integer', 1],
      ['y', 'text', 'ok'],
      ['y', 'text', 'ok'],
    ])
  })

  it('refuses a value that SQLite keeps as another one, before anything is committed', async () => {
    await onPostgres({ script, written: `INSERT INTO k VALUES ('z', '01')` }, async (source, target) => {
      const refusal = { code: 'CONTENT_DIFFERS', message: expect.stringContaining('the column v') }
      await expect(goBack(source, target)).rejects.toMatchObject(refusal)
      expect(read(source, `SELECT count(*) FROM k WHERE a = 'z'`)).toEqual([[0]])
    })
  })
})

describe('a refusal of the way back', () => {
  const models = `model T {\n id Int @id\n s String?\n j Json?\n w String?\n f Float?\n}`
  const script = `CREATE TABLE "T" ("id" INTEGER NOT NULL PRIMARY KEY, s DATETIME, j JSONB, w TEXT CHECK (hex(w) <> '7A'), f REAL);
    INSERT INTO T VALUES (1, 'x', '1', NULL, NULL)`

  it.each([
    ['a text that SQLite keeps as a number', `INSERT INTO "T" (id, s) VALUES (2, 'ok'), (3, '007')`, 'the column s in the row id=3 of T'],
    [
      'JSON of more digits than a double',
      `INSERT INTO "T" (id, j) VALUES (4, '12345678901234567890')`,
      'the column j in the row id=4 of T',
    ],
    ['a CHECK that was left behind', `INSERT INTO "T" (id, w) VALUES (5, 'a'), (9, 'z')`, 'SQLite refuses the row id=9 of T'],
    ['no number', `INSERT INTO "T" (id, f) VALUES (6, 'NaN')`, 'In the row id=6 of T f is NaN'],
  ])('names the row: %s', async (_, written, words) => {
    await onPostgres({ script, models, written }, async (source, target) => {
      await expect(goBack(source, target)).rejects.toMatchObject({ message: expect.stringContaining(words) })
      expect(read(source, 'SELECT id FROM T')).toEqual([[1]])
    })
  })
})

describe('going back with references that PostgreSQL did not have', () => {
  const script = `CREATE TABLE p (id INTEGER PRIMARY KEY, n INTEGER UNIQUE);
    CREATE TABLE c (id INTEGER PRIMARY KEY, n TEXT REFERENCES p (n) ON DELETE CASCADE, own INTEGER REFERENCES p);
    INSERT INTO p VALUES (1, 10), (2, 20); INSERT INTO c VALUES (1, '10', 1), (2, '20', 1)`

  it('says which rows refer to nothing by now, and goes back', async () => {
    await onPostgres({ script, written: `INSERT INTO c VALUES (3, '99', 1); DELETE FROM p WHERE id = 2` }, async (source, target) => {
      const said: string[] = []
      const { findings } = await goBack(source, target, (event) => event.type === 'log' && said.push(event.message))
      expect(findings).toEqual([
        expect.objectContaining({
          code: 'ORPHAN_ROWS',
          severity: 'note',
          table: 'c',
          column: 'n',
          count: 2,
          sampleKeys: [{ id: '2' }, { id: '3' }],
        }),
      ])
      expect(said).toContainEqual(expect.stringContaining('c: 2 rows refer to rows of p that do not exist'))
      expect(read(source, 'SELECT id FROM c')).toEqual([[1], [2], [3]])
    })
  })

  it('says nothing where none is broken', async () => {
    await onPostgres({ script, written: `INSERT INTO c VALUES (3, '20', 2)` }, async (source, target) => {
      expect((await goBack(source, target)).findings).toEqual([])
    })
  })
})

describe('going back to what other programs made', () => {
  it('rests triggers that need a function of their program, says which index is stale, and keeps the others', async () => {
    const script = `CREATE TABLE m (id INTEGER PRIMARY KEY, b TEXT); CREATE TABLE w (id INTEGER PRIMARY KEY, b TEXT);
      CREATE VIRTUAL TABLE m_index USING fts5(b); CREATE VIRTUAL TABLE w_index USING fts5(b);
      INSERT INTO m VALUES (1, 'old'); INSERT INTO w VALUES (1, 'old');
      CREATE TRIGGER m_index_update AFTER UPDATE OF b ON m BEGIN UPDATE m_index SET b = own_function(new.b) WHERE rowid = new.id; END;
      CREATE TRIGGER w_index_insert AFTER INSERT ON w BEGIN INSERT INTO w_index (rowid, b) VALUES (new.id, new.b); END`
    await onPostgres({ script, written: `UPDATE m SET b = 'new'; INSERT INTO w VALUES (2, 'new')` }, async (source, target) => {
      const said: string[] = []
      await goBack(source, target, (event) => event.type === 'log' && event.level === 'warn' && said.push(event.message))
      expect(said).toEqual([expect.stringContaining('m_index is not kept up to date')])
      expect(read(source, 'SELECT b FROM m')).toEqual([['new']])
      expect(read(source, `SELECT rowid FROM w_index WHERE b MATCH 'new'`)).toEqual([[2]])
      expect(read(source, `SELECT name FROM sqlite_master WHERE type = 'trigger' AND name LIKE '%index%' ORDER BY 1`)).toEqual([
        ['m_index_update'],
        ['w_index_insert'],
      ])
    })
  })

  it('writes the microseconds of a column of texts that has them', async () => {
    const script = `CREATE TABLE t (id INTEGER PRIMARY KEY, at DATETIME); INSERT INTO t VALUES (1, '2024-03-01 10:00:00.123456'), (2, '2024-03-01 10:00:00')`
    const written = `UPDATE t SET id = 9 WHERE id = 1; INSERT INTO t VALUES (3, '2024-03-02 11:00:00.000001'), (4, '2024-03-02 11:00:00.5')`
    expect(await answerAfter({ script, written }, 'SELECT * FROM t ORDER BY id')).toEqual([
      [2, '2024-03-01 10:00:00'],
      [3, '2024-03-02T11:00:00.000001+00:00'],
      [4, '2024-03-02T11:00:00.500+00:00'],
      [9, '2024-03-01T10:00:00.123456+00:00'],
    ])
  })
})
