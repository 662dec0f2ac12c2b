import Database from 'better-sqlite3'
import { describe, expect, inject, it } from 'vitest'
import { quoteName } from '@/lib/core/quoted-name'
import { armChangeLog } from '@/lib/postgres/change-log'
import { readFence } from '@/lib/sqlite/fence'
import { openSqlite } from '@/lib/sqlite/open-database'
import { isSound } from '@/lib/verification/verification-result'
import { verifyDatabases } from '@/lib/verification/verify-databases'
import { createPostgresDatabase, type TestPostgresDatabase, withPostgres } from '@/tests/support/postgres-databases'
import { createSqliteDatabase, type TestSqliteDatabase } from '@/tests/support/sqlite-databases'
import { cutOver } from '../cut-over'
import { migrateDatabase } from '../migrate-database'
import { rollBack } from '../roll-back'

const never = new AbortController().signal
const quiet = () => undefined
const jobId = 'job-1'

/** Every kind of column that Prisma makes, in the forms that it and others have written. */
const model = `
datasource db {
  provider = "sqlite"
}
model Author {
  id Int @id @default(autoincrement())
  email String @unique
  books Book[]
  tags Tag[]
}
model Book {
  id String @id
  authorId Int
  author Author @relation(fields: [authorId], references: [id], onDelete: Cascade)
  price Decimal?
  big BigInt?
  weight Float?
  sold Boolean?
  cover Bytes?
  extra Json?
  printedAt DateTime?
  seenAt DateTime?
  note String?
}
model Tag {
  name String @id
  authors Author[]
}
model Edition {
  book String
  number Int
  year Int
  @@id([book, number])
}`

const script = `
CREATE TABLE "Author" ("id" INTEGER NOT NULL PRIMARY KEY AUTOINCREMENT, "email" TEXT NOT NULL);
CREATE UNIQUE INDEX "Author_email_key" ON "Author"("email");
CREATE TABLE "Book" ("id" TEXT NOT NULL PRIMARY KEY, "authorId" INTEGER NOT NULL, "price" DECIMAL, "big" BIGINT, "weight" REAL,
  "sold" BOOLEAN, "cover" BLOB, "extra" JSONB, "printedAt" DATETIME, "seenAt" DATETIME, "note" TEXT,
  CONSTRAINT "Book_authorId_fkey" FOREIGN KEY ("authorId") REFERENCES "Author" ("id") ON DELETE CASCADE ON UPDATE CASCADE);
CREATE TABLE "Tag" ("name" TEXT NOT NULL PRIMARY KEY);
CREATE TABLE "Edition" ("book" TEXT NOT NULL, "number" INTEGER NOT NULL, "year" INTEGER NOT NULL, PRIMARY KEY ("book", "number"));
CREATE TABLE "_AuthorToTag" ("A" INTEGER NOT NULL, "B" TEXT NOT NULL,
  CONSTRAINT "_AuthorToTag_A_fkey" FOREIGN KEY ("A") REFERENCES "Author" ("id") ON DELETE CASCADE ON UPDATE CASCADE,
  CONSTRAINT "_AuthorToTag_B_fkey" FOREIGN KEY ("B") REFERENCES "Tag" ("name") ON DELETE CASCADE ON UPDATE CASCADE);
CREATE UNIQUE INDEX "_AuthorToTag_AB_unique" ON "_AuthorToTag"("A", "B");
CREATE INDEX "_AuthorToTag_B_index" ON "_AuthorToTag"("B");
INSERT INTO "Author" VALUES (1, 'a@x.test'), (2, 'b@x.test'), (3, 'c@x.test');
INSERT INTO "Tag" VALUES ('new'), ('old');
INSERT INTO "_AuthorToTag" VALUES (1, 'new'), (2, 'new'), (2, 'old');
INSERT INTO "Book" VALUES
  ('b1', 1, 12.5, 9007199254740993, 0.1, 1, x'00ff', '{"b": 1, "a": [1.50, null]}', '2024-01-02T03:04:05.678+00:00', 1704164645678, 'one'),
  ('b2', 2, 3, 4, 5.0, 0, x'', '"text"', '2024-01-02 03:04:05', 1704164645000, NULL),
  ('b3', 3, NULL, NULL, NULL, NULL, NULL, NULL, NULL, NULL, NULL);
INSERT INTO "Edition" VALUES ('b1', 1, 2020), ('b1', 2, 2022)`

async function onPostgres(
  server: { readonly url: string },
  use: (source: TestSqliteDatabase, target: TestPostgresDatabase) => Promise<void>,
  more = '',
): Promise<void> {
  await using source = await createSqliteDatabase(`PRAGMA journal_mode = WAL; ${script}; ${more}`)
  await using target = await createPostgresDatabase(server)
  const schema =
    more === '' ? ({ kind: 'schema', files: [{ path: 'schema.prisma', content: model }] } as const) : ({ kind: 'introspect' } as const)
  const options = { jobId, sourcePath: source.path, targetUrl: target.url, workDir: source.folder, model: schema }
  const result = await migrateDatabase({ ...options, fenceSource: true, setAside: false, dryRun: false }, quiet, never)
  expect(result.error).toBeUndefined()
  await cutOver({ sourcePath: source.path, targetUrl: target.url, jobId }, async () => undefined, quiet, never)
  await use(source, target)
}

const sql = (target: TestPostgresDatabase, text: string) => withPostgres(target.url, (client) => client.query(text))

function rowsOf(path: string, table: string): readonly unknown[] {
  const db = new Database(path, { readonly: true })
  try {
    const columns = db.prepare(`SELECT name FROM pragma_table_info('${table}')`).pluck().all()
    const shown = columns.map((name) => `typeof(${quoteName(String(name))}) || ' ' || quote(${quoteName(String(name))})`)
    return db
      .prepare(`SELECT ${shown.join(', ')} FROM ${quoteName(table)} ORDER BY ${shown.map((_, at) => at + 1).join(', ')}`)
      .raw()
      .all()
  } finally {
    db.close()
  }
}

const goBack = (source: TestSqliteDatabase, target: TestPostgresDatabase, flip = async () => {}) =>
  rollBack({ sourcePath: source.path, targetUrl: target.url, freezeLimitMs: 60_000 }, flip, quiet, never)

describe.each([...inject('postgresServers')])('going back from $name', (server) => {
  it('writes every kind of value as Prisma writes it, and leaves what nobody changed as it was, byte for byte', async () => {
    await onPostgres(server, async (source, target) => {
      const before = rowsOf(source.path, 'Book')
      await sql(
        target,
        `UPDATE "Book" SET note = 'changed' WHERE id = 'b1';
         UPDATE "Book" SET note = note WHERE id = 'b3';
         UPDATE "Book" SET price = 0.3, big = -9007199254740995, weight = 1e300, sold = true, cover = '\\x5c78', extra = '{"z": {"y": " spaced  \\" text"}, "n": 12345678901234567890}',
           "printedAt" = '2025-06-07 08:09:10.011', "seenAt" = '2025-06-07 08:09:10.011' WHERE id = 'b2';
         INSERT INTO "Book" (id, "authorId", price, sold, "printedAt", "seenAt", note)
           VALUES ('b4', 1, 1234.5600, false, '2025-01-01 00:00:00', '2025-01-01 00:00:00', 'É ' || chr(10) || '😀')`,
      )
      await goBack(source, target)
      const after = rowsOf(source.path, 'Book')
      expect(after[2]).toEqual(before[2])
      // Of the row whose note changed, everything else keeps the form it had: spaces, integer milliseconds.
      expect(after[0]).toEqual([...(before[0] as unknown[]).slice(0, 10), "text 'changed'"])
      expect(after[1]).toEqual([
        "text 'b2'",
        'integer 2',
        'real 0.3',
        'integer -9007199254740995',
        'real 1.0e+300',
        'integer 1',
        "blob X'5C78'",
        `text '{"n":12345678901234567890,"z":{"y":" spaced  \\" text"}}'`,
        "text '2025-06-07T08:09:10.011+00:00'",
        'integer 1749283750011',
        'null NULL',
      ])
      expect(after[3]).toEqual([
        "text 'b4'",
        'integer 1',
        'real 1234.56',
        'null NULL',
        'null NULL',
        'integer 0',
        'null NULL',
        'null NULL',
        "text '2025-01-01T00:00:00.000+00:00'",
        'integer 1735689600000',
        expect.stringMatching(/^text .*É/s),
      ])
    })
  })

  it('carries cascades, changed keys, exchanged unique values, many-to-many rows and TRUNCATE, once each', async () => {
    await onPostgres(server, async (source, target) => {
      await sql(
        target,
        `BEGIN;
         UPDATE "Author" SET email = 'tmp' WHERE id = 1; UPDATE "Author" SET email = 'a@x.test' WHERE id = 2; UPDATE "Author" SET email = 'b@x.test' WHERE id = 1;
         COMMIT;
         DELETE FROM "Author" WHERE id = 3;
         UPDATE "Author" SET id = 20 WHERE id = 2;
         DELETE FROM "_AuthorToTag" WHERE "A" = 1;
         INSERT INTO "_AuthorToTag" VALUES (20, 'new') ON CONFLICT DO NOTHING;
         UPDATE "Edition" SET number = 3 WHERE number = 1;
         TRUNCATE "Tag" CASCADE; INSERT INTO "Tag" VALUES ('new')`,
      )
      await goBack(source, target)
      expect(rowsOf(source.path, 'Author')).toEqual([
        ['integer 1', "text 'b@x.test'"],
        ['integer 20', "text 'a@x.test'"],
      ])
      expect(rowsOf(source.path, 'Book').map((row) => (row as string[]).slice(0, 2))).toEqual([
        ["text 'b1'", 'integer 1'],
        ["text 'b2'", 'integer 20'],
      ])
      expect(rowsOf(source.path, '_AuthorToTag')).toEqual([])
      expect(rowsOf(source.path, 'Tag')).toEqual([["text 'new'"]])
      expect(rowsOf(source.path, 'Edition')).toEqual([
        ["text 'b1'", 'integer 2', 'integer 2022'],
        ["text 'b1'", 'integer 3', 'integer 2020'],
      ])
      const db = openSqlite(source.path)
      expect(db.pragma('foreign_key_check')).toEqual([])
      db.close()
    })
  })
})

describe('going back', () => {
  const server = { url: inject('embeddedPostgresUrl') }

  it('leaves a full text index in step, and does not do again what the app’s own triggers do', async () => {
    const more = `
      CREATE TABLE log (id INTEGER PRIMARY KEY, line TEXT);
      CREATE TRIGGER noted AFTER INSERT ON "Tag" BEGIN INSERT INTO log (line) VALUES (NEW.name); END;
      CREATE VIRTUAL TABLE found USING fts5(name);
      INSERT INTO found SELECT name FROM "Tag";
      CREATE TRIGGER indexed AFTER INSERT ON "Tag" BEGIN INSERT INTO found VALUES (NEW.name); END`
    await onPostgres(
      server,
      async (source, target) => {
        await sql(target, `INSERT INTO "Tag" VALUES ('fresh')`)
        await goBack(source, target)
        const db = openSqlite(source.path)
        expect(db.prepare(`SELECT name FROM found WHERE found MATCH 'fresh'`).pluck().all()).toEqual(['fresh'])
        expect(db.prepare('SELECT * FROM log').all()).toEqual([])
        db.exec(`INSERT INTO "Tag" VALUES ('later')`)
        expect(db.prepare('SELECT line FROM log').pluck().all()).toEqual(['later'])
        db.close()
      },
      more,
    )
  })

  it('killed after any step: what is carried is carried again, and nothing twice', async () => {
    await onPostgres(server, async (source, target) => {
      await sql(target, `INSERT INTO "Author" (email) VALUES ('d@x.test'); DELETE FROM "Tag" WHERE name = 'old'`)
      // SQLite has committed and PostgreSQL has not forgotten: as if the process had died between the two commits.
      await sql(target, 'CREATE TABLE bascule.kept AS SELECT * FROM bascule.change_log')
      await expect(goBack(source, target, () => Promise.reject(new Error('killed')))).rejects.toThrow('killed')
      await sql(
        target,
        `INSERT INTO bascule.change_log OVERRIDING SYSTEM VALUE SELECT * FROM bascule.kept; DROP TABLE bascule.kept;
         UPDATE bascule.mark SET state = 'switched'; DROP FUNCTION bascule.refuse_write CASCADE`,
      )
      await sql(target, `UPDATE "Author" SET email = 'd2@x.test' WHERE email = 'd@x.test'`)
      await goBack(source, target)
      expect(rowsOf(source.path, 'Author')).toHaveLength(4)
      expect(rowsOf(source.path, 'Author')).toContainEqual(['integer 4', "text 'd2@x.test'"])
      expect(rowsOf(source.path, 'Tag')).toHaveLength(1)
    })
  })

  it('refuses what SQLite could not hold or has no place for, and then the app is where it was', async () => {
    await onPostgres(server, async (source, target) => {
      const before = rowsOf(source.path, 'Book')
      const refusals: [string, string, string][] = [
        [`UPDATE "Book" SET weight = 'NaN' WHERE id = 'b1'`, 'VALUE_REFUSED', `UPDATE "Book" SET weight = 0.1 WHERE id = 'b1'`],
        [
          `UPDATE "Book" SET price = 12345678901234567.25 WHERE id = 'b1'`,
          'CONTENT_DIFFERS',
          `UPDATE "Book" SET price = 12.5 WHERE id = 'b1'`,
        ],
        // Among milliseconds it would be cut: that is for a person to say.
        [
          `ALTER TABLE "Book" ALTER COLUMN "seenAt" TYPE timestamp(6); UPDATE "Book" SET "seenAt" = '2024-01-02 03:04:05.678901' WHERE id = 'b1'`,
          'VALUE_REFUSED',
          `UPDATE "Book" SET "seenAt" = date_trunc('milliseconds', "seenAt") WHERE id = 'b1'; ALTER TABLE "Book" ALTER COLUMN "seenAt" TYPE timestamp(3)`,
        ],
        [
          `ALTER TABLE "Book" ADD COLUMN extra2 text; UPDATE "Book" SET extra2 = 'x' WHERE id = 'b1'`,
          'STRUCTURE_UNSUPPORTED',
          `ALTER TABLE "Book" DROP COLUMN extra2`,
        ],
        [`CREATE TABLE later (id int)`, 'STRUCTURE_UNSUPPORTED', 'DROP TABLE later'],
        // Behind our back, and behind the log's.
        [
          `ALTER TABLE "Tag" DISABLE TRIGGER "_bascule_log"; INSERT INTO "Tag" VALUES ('unlogged')`,
          'CONTENT_DIFFERS',
          `DELETE FROM "Tag" WHERE name = 'unlogged'`,
        ],
      ]
      for (const [change, code, undo] of refusals) {
        await sql(target, change)
        await expect(
          goBack(source, target, () => Promise.reject(new Error('flipped'))),
          change,
        ).rejects.toMatchObject({ code })
        await sql(target, undo)
        expect(rowsOf(source.path, 'Book')).toEqual(before)
      }
      const db = openSqlite(source.path)
      expect(readFence(db)).toMatchObject({ stage: 'moved', awake: true })
      db.close()
      await sql(target, `INSERT INTO "Edition" VALUES ('b9', 1, 1)`)
    })
  })

  it('goes back under a load of writes, none of which is lost or done twice', async () => {
    await onPostgres(server, async (source, target) => {
      let isOver = false
      const acknowledged: string[] = []
      const writer = async (name: string) => {
        await withPostgres(target.url, async (client) => {
          for (let i = 0; !isOver; i += 1) {
            const email = `${name}-${i}@x.test`
            try {
              await client.query(`BEGIN`)
              const { rows } = await client.query(`INSERT INTO "Author" (email) VALUES ($1) RETURNING id`, [email])
              await client.query(`INSERT INTO "Book" (id, "authorId") VALUES ($1, $2)`, [email, rows[0].id])
              await client.query('COMMIT')
              acknowledged.push(email)
            } catch (error) {
              await client.query('ROLLBACK')
              expect(String(error)).toContain('BASCULE_FENCED')
              return
            }
          }
        })
      }
      const writers = Promise.all(['one', 'two', 'three'].map(writer))
      const result = await goBack(source, target)
      isOver = true
      await writers
      const db = new Database(source.path)
      const authors = db.prepare(`SELECT email FROM "Author" WHERE id > 3`).pluck().all()
      const books = db.prepare(`SELECT id FROM "Book" WHERE id LIKE '%@%'`).pluck().all()
      db.close()
      expect(authors.toSorted()).toEqual(acknowledged.toSorted())
      expect(books.toSorted()).toEqual(acknowledged.toSorted())
      expect(acknowledged.length).toBeGreaterThan(0)
      const verified = await verifyDatabases({ sourcePath: source.path, targetUrl: target.url }, quiet, never)
      expect(verified.tables.filter((table) => !isSound(table))).toEqual([])
      console.info(`${acknowledged.length} writes carried in ${result.rounds} rounds, frozen for ${Math.round(result.freezeMs)} ms`)
    })
  })
})

describe('the change log', () => {
  it('knows rows of a table without a primary key by another unique one', async () => {
    const [server] = inject('postgresServers')
    if (!server) throw new Error('no server')
    await onPostgres(server, async (_source, target) => {
      await sql(target, `ALTER TABLE "_AuthorToTag" DROP CONSTRAINT IF EXISTS "_AuthorToTag_AB_pkey"`)
      await withPostgres(target.url, async (client) => {
        const { readPostgresCatalogue } = await import('@/lib/postgres/catalogue')
        await client.query(`CREATE UNIQUE INDEX IF NOT EXISTS ab ON "_AuthorToTag" ("A", "B")`)
        await armChangeLog(client, await readPostgresCatalogue(client, 'public'), new Set())
        await client.query(`DELETE FROM "_AuthorToTag" WHERE "A" = 1`)
        const { rows } = await client.query(`SELECT op, key FROM bascule.change_log WHERE table_name = '_AuthorToTag'`)
        expect(rows).toEqual([{ op: 'D', key: { A: 1, B: 'new' } }])
      })
    })
  })
})
