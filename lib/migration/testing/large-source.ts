import { createSqliteDatabase, type TestSqliteDatabase } from '@/tests/support/sqlite-databases'

/** A source that takes a moment to copy: `rows` rows in one table of two, with a reference between them. */
export function createLargeSource(rows: number): Promise<TestSqliteDatabase> {
  return createSqliteDatabase(`
    CREATE TABLE parent (id INTEGER PRIMARY KEY, name TEXT NOT NULL UNIQUE);
    CREATE TABLE item (id INTEGER PRIMARY KEY AUTOINCREMENT, parent INTEGER NOT NULL REFERENCES parent(id), body TEXT, made DATETIME);
    CREATE INDEX item_parent ON item (parent);
    WITH RECURSIVE n(i) AS (SELECT 1 UNION ALL SELECT i + 1 FROM n WHERE i < 100) INSERT INTO parent SELECT i, 'parent ' || i FROM n;
    WITH RECURSIVE n(i) AS (SELECT 1 UNION ALL SELECT i + 1 FROM n WHERE i < ${rows})
      INSERT INTO item SELECT i, 1 + i % 100, hex(randomblob(100)), '2024-01-02T03:04:05.000+00:00' FROM n;`)
}
