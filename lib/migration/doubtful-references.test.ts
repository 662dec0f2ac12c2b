import { describe, expect, it } from 'vitest'
import { readSqliteCatalogue } from '@/lib/sqlite/catalogue'
import { openSqlite } from '@/lib/sqlite/open-database'
import { createSqliteDatabase } from '@/tests/support/sqlite-databases'
import { checkReferences } from './check-source'
import { findDoubtfulReferences } from './doubtful-references'

const never = new AbortController().signal

/** Parents with the keys 1 to 5; each child with an index unless it says otherwise, and references to them. */
const schema = `
  PRAGMA foreign_keys = OFF;
  CREATE TABLE p (id TEXT PRIMARY KEY, n INTEGER UNIQUE, a TEXT, b INTEGER, c TEXT COLLATE NOCASE UNIQUE, d TEXT, UNIQUE (b, a));
  INSERT INTO p VALUES ('k1', 1, 'x', 1, 'A', 'd'), ('k2', 2, 'x', 2, 'B', 'd'), ('01', 3, 'y', 3, 'C', 'd');
  CREATE TABLE sound (p TEXT REFERENCES p, n INTEGER REFERENCES p (n)); CREATE INDEX i1 ON sound (p); CREATE INDEX i2 ON sound (n);
  INSERT INTO sound VALUES ('k1', 1), ('k2', NULL), (NULL, 2), ('k1', 3);
  CREATE TABLE keyed (id TEXT PRIMARY KEY REFERENCES p, v TEXT) WITHOUT ROWID; INSERT INTO keyed VALUES ('k1', 'v'), ('k2', 'v');
  CREATE TABLE pair (a TEXT, b INTEGER, FOREIGN KEY (b, a) REFERENCES p (b, a)); CREATE INDEX i3 ON pair (b, a);
  INSERT INTO pair VALUES ('x', 1), ('x', NULL), (NULL, 9), ('y', 3);
  CREATE TABLE lost (p TEXT REFERENCES p); CREATE INDEX i4 ON lost (p); INSERT INTO lost VALUES ('k1'), ('K1'), (NULL);
  CREATE TABLE lostPair (a TEXT, b INTEGER, FOREIGN KEY (b, a) REFERENCES p (b, a)); CREATE INDEX i5 ON lostPair (b, a); INSERT INTO lostPair VALUES ('x', 3);
  CREATE TABLE noIndex (p TEXT REFERENCES p); INSERT INTO noIndex VALUES ('k1');
  CREATE TABLE part (p TEXT REFERENCES p); CREATE INDEX i6 ON part (p) WHERE p > 'k1'; INSERT INTO part VALUES ('k1');
  CREATE TABLE other (p INTEGER REFERENCES p (id)); CREATE INDEX i7 ON other (p); INSERT INTO other VALUES (1);
  CREATE TABLE caseless (c TEXT REFERENCES p (c)); CREATE INDEX i8 ON caseless (c); INSERT INTO caseless VALUES ('a');
  CREATE TABLE mismatch (d TEXT REFERENCES p (d)); CREATE INDEX i9 ON mismatch (d);
  CREATE TABLE noColumn (d TEXT REFERENCES p (missing)); INSERT INTO noColumn VALUES ('k1');
  CREATE TABLE nowhere (q TEXT REFERENCES q (id)); CREATE INDEX i10 ON nowhere (q); INSERT INTO nowhere VALUES ('k1');`

describe('references that must be looked at row by row', () => {
  it('are those that lose a value, and those that SQLite compares in a way of its own', async () => {
    await using source = await createSqliteDatabase(schema)
    const db = openSqlite(source.path, { readonly: true })
    const catalogue = readSqliteCatalogue(db)
    db.close()
    const doubtful = await findDoubtfulReferences(source.path, catalogue, never)
    const names = doubtful.map(({ name }) => name).sort()
    expect(names).toEqual(['caseless', 'lost', 'lostPair', 'mismatch', 'noColumn', 'noIndex', 'nowhere', 'other', 'part'])
    // And what was found is what the row by row check of all tables finds: 1 is not '01' to it. 'a' is 'A' there, and not on PostgreSQL.
    const findings = await checkReferences(source.path, catalogue, never)
    expect(findings.map(({ code, table, count }) => `${code} ${table} ${count}`).sort()).toEqual([
      'FOREIGN_KEY_MISMATCH mismatch 1',
      'FOREIGN_KEY_MISMATCH noColumn 1',
      'ORPHAN_ROWS lost 1',
      'ORPHAN_ROWS lostPair 1',
      'ORPHAN_ROWS nowhere 1',
      'ORPHAN_ROWS other 1',
      'REFERENCE_CASE_DIFFERS caseless 1',
    ])
    const [unchecked] = findings.filter(({ table }) => table === 'noColumn')
    expect(unchecked?.message).toContain('columns that do not exist or are not unique')
  })
})
