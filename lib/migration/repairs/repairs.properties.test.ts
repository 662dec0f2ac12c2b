import { createHash } from 'node:crypto'
import { mkdir, readFile, writeFile } from 'node:fs/promises'
import { join } from 'node:path'
import Database from 'better-sqlite3'
import fc from 'fast-check'
import { expect, inject, it } from 'vitest'
import type { RepairChoice, RepairKind } from '@/lib/core/repair-choice'
import { verifyDatabases } from '@/lib/verification/verify-databases'
import { createPostgresDatabase } from '@/tests/support/postgres-databases'
import { createSqliteDatabase } from '@/tests/support/sqlite-databases'
import { migrateDatabase } from '../migrate-database'

const signal = new AbortController().signal

/** For each column, values that arrive as they are, and values that PostgreSQL would refuse. */
const cells = {
  parent: { clean: ["'p1'", "'p2'", 'NULL'], dirty: ["'gone'", "'P1'"] },
  owner: { clean: ["'p1'", "'p2'"], dirty: ["'nobody'"] },
  qty: { clean: ['1', '-5', 'NULL'], dirty: ["'abc'", "x'01'", '9000000000', '1e300'] },
  flag: { clean: ['0', '1', "'true'", 'NULL'], dirty: ["'yes'", "'perhaps'", "''"] },
  price: { clean: ['1.25', '7', 'NULL'], dirty: ['1.005', "'much'", '123456789'] },
  at: { clean: ["'2024-03-01T10:00:00.000+00:00'", '1700000000000', 'NULL'], dirty: ["'soon'", "''", '2460371.25', "'0000-00-00'"] },
  day: { clean: ["'2024-03-01'", 'NULL'], dirty: ["'2024-03-01 10:00:00'", "'never'"] },
  note: {
    clean: ["'abc'", "'é😀'", "'\\\\t'", 'NULL'],
    dirty: ["'a'||char(0)||'b'", "CAST(x'636166e9' AS TEXT)", "'too long'", "'long'||char(0)||'er'"],
  },
  state: { clean: ["'draft'", "'open'", 'NULL'], dirty: ["'gone'", "'Draft'", '3'] },
  doc: { clean: ["'{}'", "'[1,2]'", '12', 'NULL'], dirty: ["'not json'", `'{"a":"\\u0000"}'`, `'["\\ud83d"]'`] },
  must: { clean: ["'x'"], dirty: ['NULL'] },
} as const

type Column = keyof typeof cells
// Object.keys of a constant object gives its keys.
const columns = Object.keys(cells) as readonly Column[]

const cell = (column: Column) =>
  fc.oneof(
    { weight: 5, arbitrary: fc.constantFrom(...cells[column].clean).map((sql) => ({ sql, isDirty: false })) },
    { weight: 1, arbitrary: fc.constantFrom(...cells[column].dirty).map((sql) => ({ sql, isDirty: true })) },
  )
const rows = fc.array(fc.tuple(...columns.map(cell)), { minLength: 1, maxLength: 40 })

/** Every kind, each with one of the choices that are possible for these columns. */
const choices = fc.record({
  orphans: fc.constantFrom('null', 'delete'),
  required: fc.constantFrom('default', 'delete'),
  integers: fc.constantFrom('null', 'default'),
  'integers-range': fc.constantFrom('null', 'default'),
  booleans: fc.constantFrom('true', 'false', 'null'),
  decimals: fc.constant('null'),
  rounding: fc.constant('round'),
  dates: fc.constant('null'),
  julian: fc.constantFrom('convert', 'null'),
  'dates-precision': fc.constant('cut'),
  nul: fc.constantFrom('strip', 'replace'),
  utf8: fc.constantFrom('replace', 'latin1', 'null'),
  length: fc.constant('truncate'),
  enum: fc.constantFrom('null', 'default'),
  json: fc.constantFrom('null', 'string'),
} satisfies Partial<Record<RepairKind, fc.Arbitrary<string>>>)

const source = `
  PRAGMA foreign_keys = OFF;
  CREATE TABLE parent (id TEXT NOT NULL PRIMARY KEY);
  CREATE TABLE item (id INTEGER PRIMARY KEY, parent TEXT REFERENCES parent (id), owner TEXT NOT NULL REFERENCES parent (id), qty INT DEFAULT 3,
    flag BOOLEAN, price DECIMAL, at DATETIME, day DATETIME, note TEXT, state TEXT DEFAULT 'draft', doc TEXT, must TEXT DEFAULT 'none');
  CREATE TABLE tag (item INTEGER NOT NULL REFERENCES item (id), name TEXT NOT NULL, PRIMARY KEY (item, name)) WITHOUT ROWID;
  INSERT INTO parent VALUES ('p1'), ('p2');`

const target = `
  CREATE TYPE state AS ENUM ('draft', 'open');
  CREATE TABLE parent (id text PRIMARY KEY);
  CREATE TABLE item (id int PRIMARY KEY, parent text REFERENCES parent, owner text NOT NULL REFERENCES parent, qty int DEFAULT 3, flag boolean,
    price numeric(8,2), at timestamp(3), day date, note varchar(5), state state DEFAULT 'draft', doc jsonb, must text NOT NULL DEFAULT 'none');
  CREATE TABLE tag (item int REFERENCES item, name text, PRIMARY KEY (item, name));`

it('a database with any faults, and any choice for each kind: it arrives, all else is untouched, and every row touched is named', async () => {
  const [server] = inject('postgresServers')
  if (!server) throw new Error('There is no server.')
  await fc.assert(
    fc.asyncProperty(rows, choices, async (generated, chosen) => {
      const inserts = generated.map((row, index) => `INSERT INTO item VALUES (${[index, ...row.map(({ sql }) => sql)].join(', ')});`)
      const tags = generated.map((_, index) => `INSERT INTO tag VALUES (${index}, 'a');`)
      await using from = await createSqliteDatabase([source, ...inserts, ...tags].join('\n'))
      await using to = await createPostgresDatabase(server)
      const before = await checksum(from.path)
      const result = await migrateDatabase(
        {
          jobId: `job-${to.name}`,
          sourcePath: from.path,
          targetUrl: to.url,
          model: { kind: 'history', folder: await writeHistory(from.folder) },
          workDir: join(from.folder, 'work'),
          fenceSource: false,
          setAside: false,
          dryRun: false,
          choices: [
            ...Object.entries(chosen).map(([kind, choice]) => ({ kind, choice, scope: null }) as RepairChoice),
            // What is required cannot be NULL, nor can what refers to a row that is left out.
            ...['item.owner', 'tag'].map((scope) => ({ kind: 'orphans', choice: 'delete', scope }) as const),
          ],
        },
        () => undefined,
        signal,
      )
      expect(result.error).toBeUndefined()
      expect(await checksum(from.path)).toBe(before)
      const proof = await verifyDatabases({ sourcePath: from.path, targetUrl: to.url }, () => undefined, signal)
      expect(proof.status).toBe('succeeded')

      const dirty = generated.flatMap((row, index) => (row.some(({ isDirty }) => isDirty) ? [String(index)] : []))
      const named = new Set(result.repairs.filter(({ table }) => table === 'item').flatMap(({ keys }) => keys.map(({ id }) => id)))
      expect([...named].sort()).toEqual(dirty.sort())
      const gone = result.repairs
        .filter(({ table, action }) => table === 'item' && action === 'deleted')
        .flatMap(({ keys }) => keys.map(({ id }) => id))
      const goneTags = result.repairs.filter(({ table }) => table === 'tag').flatMap(({ keys }) => keys.map(({ item }) => item))
      expect(goneTags.sort()).toEqual(gone.sort())
      expect(countRows(from.path)).toBe(generated.length)
    }),
    { numRuns: 4 },
  )
}, 120_000)

function countRows(path: string): number {
  const db = new Database(path, { readonly: true })
  try {
    return Number(db.prepare('SELECT count(*) FROM item').pluck().get())
  } finally {
    db.close()
  }
}

async function checksum(path: string): Promise<string> {
  return createHash('sha256')
    .update(await readFile(path))
    .digest('hex')
}

async function writeHistory(folder: string): Promise<string> {
  const history = join(folder, 'history')
  await mkdir(join(history, '20240101000000_init'), { recursive: true })
  await writeFile(join(history, 'migration_lock.toml'), 'provider = "postgresql"\n')
  await writeFile(join(history, '20240101000000_init', 'migration.sql'), target)
  return history
}
