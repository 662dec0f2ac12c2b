/** Tables of every kind whose changes are captured, with rows, references and triggers of the user's own. */
export const awkwardScript = `
PRAGMA journal_mode = WAL;
CREATE TABLE "we""ird" (id INTEGER PRIMARY KEY AUTOINCREMENT, mail TEXT UNIQUE, name TEXT COLLATE NOCASE, n INTEGER, up TEXT AS (upper(name)) VIRTUAL);
CREATE UNIQUE INDEX "by name" ON "we""ird" (name, n);
CREATE UNIQUE INDEX by_expression ON "we""ird" (lower(mail) || n) WHERE n > 100;
CREATE UNIQUE INDEX by_generated ON "we""ird" (up, n);
CREATE TABLE word (id TEXT PRIMARY KEY COLLATE NOCASE, v TEXT);
CREATE TABLE pair (a INTEGER, b TEXT, v INTEGER UNIQUE, PRIMARY KEY (a, b)) WITHOUT ROWID;
CREATE TABLE loose (k PRIMARY KEY, v);
CREATE TABLE "_AToB" (A INTEGER NOT NULL, B INTEGER NOT NULL);
CREATE UNIQUE INDEX "_AToB_unique" ON "_AToB" (A, B);
CREATE TABLE parent (id TEXT PRIMARY KEY, boss TEXT REFERENCES parent (id) ON DELETE CASCADE ON UPDATE CASCADE);
CREATE TABLE child (id INTEGER PRIMARY KEY, p TEXT DEFAULT 'root' REFERENCES parent (id) ON DELETE SET NULL ON UPDATE CASCADE);
CREATE TABLE grandchild (id INTEGER PRIMARY KEY, c INTEGER DEFAULT 1 REFERENCES child (id) ON DELETE SET DEFAULT);
CREATE TABLE counted (id INTEGER PRIMARY KEY, n INTEGER, self INTEGER);
CREATE TRIGGER own_count AFTER INSERT ON child BEGIN
  INSERT OR REPLACE INTO counted (id, n) VALUES (1, (SELECT count(*) FROM child));
  UPDATE counted SET self = id WHERE id = 1;
END;
CREATE TRIGGER own_recursive AFTER UPDATE OF n ON counted BEGIN UPDATE counted SET n = n + 1, self = 7 WHERE id = NEW.id + 1; END;
INSERT INTO "we""ird" (id, mail, name, n) VALUES (1, 'a@x', 'Ann', 1), (2, 'b@x', 'Bob', 2), (3, 'C@x', 'Cy', 300), (4, NULL, NULL, NULL);
INSERT INTO word VALUES ('One', 'x'), ('two', 'y');
INSERT INTO pair VALUES (1, 'a', 10), (1, 'b', 11), (2, 'a', 12);
INSERT INTO loose VALUES (1, 'integer'), ('1', 'text'), (x'31', 'blob'), (2.5, 'real');
INSERT INTO "_AToB" VALUES (1, 1), (1, 2);
INSERT INTO parent VALUES ('root', NULL), ('a', 'root'), ('b', 'a'), ('alone', NULL);
INSERT INTO child VALUES (1, 'root'), (2, 'b'), (3, 'alone');
INSERT INTO grandchild VALUES (1, 1), (2, 2), (3, 3);
INSERT OR REPLACE INTO counted VALUES (1, 0, 0), (2, 0, 0);`

/** Writes by which a row comes, goes or changes, each with what is special about it. Each is tried on a file as the script makes it. */
export const awkwardWrites: readonly (readonly [what: string, sql: string])[] = [
  ['insert', `INSERT INTO "we""ird" (mail, name) VALUES ('new', 'New')`],
  ['several rows', `INSERT INTO pair VALUES (5, 'a', 50), (5, 'b', 51)`],
  ['update', `UPDATE word SET v = 'z'`],
  ['delete without a condition', 'DELETE FROM word'],
  ['key update', `UPDATE "we""ird" SET id = id + 10`],
  ['key update that swaps', 'UPDATE pair SET a = a + 100; UPDATE pair SET a = 103 - a'],
  ['key update in letter case alone', `UPDATE word SET id = 'ONE' WHERE id = 'one'`],
  ['key update in storage class alone', `UPDATE loose SET k = 1.0 WHERE typeof(k) = 'integer'`],
  ['keys of every storage class', `UPDATE loose SET v = typeof(k)`],
  ['replace by the primary key', `REPLACE INTO "we""ird" (id, mail) VALUES (1, 'z@x')`],
  ['replace by a unique column', `INSERT OR REPLACE INTO "we""ird" (id, mail) VALUES (9, 'a@x')`],
  ['replace of two rows at once', `INSERT OR REPLACE INTO "we""ird" (id, mail, name, n) VALUES (9, 'a@x', 'BOB', 2)`],
  ['replace under NOCASE', `REPLACE INTO word VALUES ('ONE', 'upper')`],
  ['replace by an expression with a condition', `INSERT OR REPLACE INTO "we""ird" (id, mail, n) VALUES (9, 'c@X', 300)`],
  ['replace by a computed column', `INSERT OR REPLACE INTO "we""ird" (id, name, n) VALUES (9, 'BOB', 2)`],
  ['replace without rowid', `REPLACE INTO pair VALUES (9, 'z', 10)`],
  ['replace by a hidden rowid', `INSERT OR REPLACE INTO word (rowid, id) VALUES (1, 'three')`],
  ['replace of what the same statement made', `INSERT OR REPLACE INTO pair VALUES (7, 'a', 70), (8, 'a', 70), (9, 'a', 70)`],
  ['replace from a query', `INSERT OR REPLACE INTO "we""ird" (id, mail) SELECT id + 20, mail FROM "we""ird"`],
  ['update or replace', `UPDATE OR REPLACE pair SET v = 11 WHERE v = 10`],
  ['update or replace of the key', `UPDATE OR REPLACE "we""ird" SET id = 2 WHERE id = 1`],
  ['update or replace by an expression', `UPDATE OR REPLACE "we""ird" SET mail = 'C@X', n = 300 WHERE id = 1`],
  ['update or replace by a computed column', `UPDATE OR REPLACE "we""ird" SET name = 'BOB', n = 2 WHERE id = 1`],
  ['update or replace by a hidden rowid', `UPDATE OR REPLACE word SET rowid = 2 WHERE id = 'one'`],
  ['or ignore', `INSERT OR IGNORE INTO pair VALUES (1, 'a', 0), (6, 'a', 11), (6, 'b', 60)`],
  ['or ignore of an update', `UPDATE OR IGNORE pair SET v = 12`],
  ['upsert', `INSERT INTO "we""ird" (mail, n) VALUES ('a@x', 5) ON CONFLICT (mail) DO UPDATE SET n = excluded.n, name = 'upserted'`],
  ['upsert that does nothing', `INSERT INTO "we""ird" (mail) VALUES ('a@x') ON CONFLICT DO NOTHING`],
  ['update from', `UPDATE pair SET v = v + counted.id * 100 FROM counted WHERE counted.id = pair.a`],
  ['no primary key', `DELETE FROM "_AToB" WHERE B = 1; INSERT INTO "_AToB" VALUES (3, 3); UPDATE "_AToB" SET B = 9 WHERE B = 2`],
  ['cascade to its own table, set null, set default', `DELETE FROM parent WHERE id = 'root'`],
  ['cascade of a key update', `UPDATE parent SET id = 'top' WHERE id = 'root'`],
  ['replace that cascades', `REPLACE INTO parent VALUES ('root', NULL)`],
  ['triggers of the user, with REPLACE in them', `INSERT INTO child (p) VALUES ('a')`],
  ['a trigger of the user that reaches itself', 'UPDATE counted SET n = 5 WHERE id = 1'],
  ['a transaction and what it took back', `BEGIN; DELETE FROM pair; SAVEPOINT s; DELETE FROM word; ROLLBACK TO s; COMMIT`],
]
