import { mkdtempSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import Database from 'better-sqlite3'
import { afterAll, expect, it } from 'vitest'
import type { PostgresCatalogue } from '@/lib/core/catalogue'
import { readSqliteCatalogue } from '@/lib/sqlite/catalogue'
import { findBrokenChecks } from './check-constraints'

const folder = mkdtempSync(join(tmpdir(), 'bascule-checks-'))
const path = join(folder, 'source.db')
afterAll(() => rmSync(folder, { recursive: true }))

it('41: rows that break a CHECK of their own table are found with their key; NULL is no breach', async () => {
  const db = new Database(path)
  db.exec(`CREATE TABLE "Big Order" (id INTEGER PRIMARY KEY, b INTEGER CHECK (b < 5000), c TEXT, CONSTRAINT short CHECK (length(c) < 4));
    CREATE TABLE w (k TEXT PRIMARY KEY, n INTEGER CHECK (n <> 7)) WITHOUT ROWID; CREATE TABLE sound (v TEXT CHECK (v <> ''))`)
  // A rule that only the app can ask must not keep the others from being asked.
  db.function('app_only', { deterministic: true }, (value: unknown) => (value === null ? 0 : 1))
  db.exec('CREATE TABLE own (v TEXT CHECK (app_only(v)))')
  db.pragma('ignore_check_constraints = ON')
  db.exec(`INSERT INTO "Big Order" VALUES (1, 1, 'x'), (2, 6000, 'x'), (3, NULL, 'long'), (4, 9000, NULL);
    INSERT INTO w VALUES ('a', 7); INSERT INTO sound VALUES ('x'), (NULL)`)
  const source = readSqliteCatalogue(db)
  db.close()
  // Only what the question needs of the target: that "Big Order" has a CHECK there, and w none.
  const target = {
    tables: [
      { name: 'Big Order', constraints: [{ kind: 'check' }] },
      { name: 'w', constraints: [] },
    ],
  }
  const findings = await findBrokenChecks(path, source, target as unknown as PostgresCatalogue, new AbortController().signal)
  expect(findings.map(({ table, severity, count, key, shape }) => ({ table, severity, count, key, shape }))).toEqual([
    { table: 'Big Order', severity: 'blocks', count: 2, key: { id: '2' }, shape: 'CHECK (b < 5000)' },
    { table: 'Big Order', severity: 'blocks', count: 1, key: { id: '3' }, shape: 'CHECK (length(c) < 4)' },
    { table: 'w', severity: 'note', count: 1, key: null, shape: 'CHECK (n <> 7)' },
  ])
})
