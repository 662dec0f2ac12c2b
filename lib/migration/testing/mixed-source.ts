import { createSqliteDatabase, type TestSqliteDatabase } from '@/tests/support/sqlite-databases'

/** Some 40,000 rows in every kind of table that is copied in a way of its own. The same content each time. */
export function createMixedSource(): Promise<TestSqliteDatabase> {
  const series = (rows: number) => `WITH RECURSIVE n(i) AS (SELECT 1 UNION ALL SELECT i + 1 FROM n WHERE i < ${rows})`
  return createSqliteDatabase(`
    PRAGMA journal_mode = WAL;
    CREATE TABLE parent (id INTEGER PRIMARY KEY, name TEXT NOT NULL UNIQUE);
    ${series(200)} INSERT INTO parent SELECT i, 'parent ' || i FROM n;
    CREATE TABLE item (id INTEGER PRIMARY KEY AUTOINCREMENT, parent INTEGER NOT NULL REFERENCES parent(id), body TEXT, weight REAL);
    CREATE INDEX item_parent ON item (parent, body);
    ${series(16000)} INSERT INTO item SELECT i * 3 + (i > 9000) * 500000, 1 + i % 200, CASE i % 7 WHEN 0 THEN NULL ELSE 'line ' || i || char(10, 9, 92) || 'ü€😀' END, i / 8.0 FROM n;
    DELETE FROM item WHERE id > 547000;
    CREATE TABLE tag (slug TEXT PRIMARY KEY, label TEXT);
    ${series(7000)} INSERT INTO tag SELECT 'tag-' || (i * 7919 % 7001), 'label ' || i FROM n;
    CREATE TABLE pair (a TEXT NOT NULL, b INTEGER NOT NULL, note TEXT, PRIMARY KEY (b, a)) WITHOUT ROWID;
    ${series(5000)} INSERT INTO pair SELECT 'a' || (i % 50), i / 50, CASE i % 3 WHEN 0 THEN '' ELSE 'note ' || i END FROM n;
    CREATE TABLE link (left_id INTEGER NOT NULL, right_id INTEGER NOT NULL REFERENCES parent(id), PRIMARY KEY (left_id, right_id));
    ${series(5000)} INSERT INTO link SELECT i, 1 + i % 200 FROM n;
    CREATE TABLE nokey (v INTEGER, w TEXT);
    ${series(6000)} INSERT INTO nokey SELECT i % 100, CASE i % 4 WHEN 0 THEN NULL ELSE 'same' END FROM n;
    CREATE TABLE file (id INTEGER PRIMARY KEY, data BLOB NOT NULL);
    ${series(300)} INSERT INTO file SELECT i, CASE i % 10 WHEN 0 THEN x'' ELSE unhex(replace(hex(zeroblob(i * 10)), '00', '5c0a09ff')) END FROM n;
    CREATE TABLE empty (id INTEGER PRIMARY KEY AUTOINCREMENT, v TEXT);
    INSERT INTO empty (id) VALUES (77); DELETE FROM empty;`)
}
