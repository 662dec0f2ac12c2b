/** Every kind of column; rows 2 to 4 hold what older and other programs wrote. */
export const everyKindSource = `
CREATE TABLE "Person" (id TEXT PRIMARY KEY, name TEXT);
INSERT INTO "Person" VALUES ('a', 'Ada'), ('B', 'Bob'), ('é', NULL), ('z', '');
CREATE TABLE "Every kind" (
  id INTEGER PRIMARY KEY AUTOINCREMENT, flag BOOLEAN, small INTEGER, large BIGINT, real REAL, price DECIMAL, text TEXT,
  bytes BLOB, json JSONB, at DATETIME, day DATETIME, uuid TEXT, kind TEXT, "personId" TEXT REFERENCES "Person"(id));
CREATE UNIQUE INDEX one_open ON "Every kind" (text) WHERE flag = 1;
CREATE INDEX by_person ON "Every kind" ("personId");
INSERT INTO "Every kind" VALUES
 (1, 1, 7, 9007199254740993, 123456.789, 1.1, 'tab	 newline
 \\N \\. "quoted" 🦊 ' || char(0xfeff) || char(0x2028), x'005c783431ff', '{"b":1,"a":[1,2.5,null,"x"],"long":12345678901234567890}', '2024-03-01T10:00:00.123+00:00', '2024-03-01T00:00:00.000+00:00', '0E37DF36-F698-11E6-8DD4-CB9CED3DF976', 'RED', 'a'),
 (2, 0, -7, -5, 1e300, 1, '', x'', 123, 1709287200123, '2024-02-29', NULL, 'BLUE', 'B'),
 (3, 2, 0, 0, 5e-324, 0.30000000000000004, '007', 'text in a blob', 0.1, '2024-03-01 10:00:00', 1709251200000, NULL, 'RED', 'é'),
 (4, 'true', 1.5, NULL, 9e999, NULL, x'c3a9', NULL, '"A\\u0041é"', '2024-03-01T12:00:00.1239+02:00', NULL, NULL, NULL, NULL),
 (5, NULL, NULL, NULL, NULL, NULL, NULL, NULL, 'null', '1900-01-01 00:00:00 +00:00', NULL, NULL, NULL, NULL);
DELETE FROM "Every kind" WHERE id > 5;
CREATE TABLE "Log" (line TEXT, n INTEGER);
INSERT INTO "Log" VALUES ('twice', 1), ('once', 2), ('twice', 1), (NULL, NULL);
CREATE TABLE "Pair" (left TEXT NOT NULL, right INTEGER NOT NULL, note TEXT, PRIMARY KEY (left, right)) WITHOUT ROWID;
INSERT INTO "Pair" VALUES ('x', 2, 'a'), ('x', 10, 'b'), ('X', 1, 'c');
CREATE TABLE "Moment" (at DATETIME PRIMARY KEY, what TEXT);
INSERT INTO "Moment" VALUES ('2024-03-01T10:00:00.000+00:00', 'text'), (1609459200000, 'number'), ('2019-01-01', 'day');
CREATE TABLE "Price" (amount DECIMAL PRIMARY KEY, note TEXT);
INSERT INTO "Price" VALUES (10, 'ten'), (1.5, 'one and a half'), (2, 'two');
CREATE TABLE "Empty" (id INTEGER PRIMARY KEY);
`

/** The same data as PostgreSQL holds it, written in another order and in other forms. */
export const everyKindTarget = `
CREATE TABLE "Person" (id text PRIMARY KEY, name text);
INSERT INTO "Person" VALUES ('z', ''), ('é', NULL), ('B', 'Bob'), ('a', 'Ada');
CREATE TYPE "Kind" AS ENUM ('RED', 'BLUE');
CREATE TABLE "Every kind" (
  id serial PRIMARY KEY, flag boolean, small integer, large bigint, real double precision, price numeric(65,30), text text,
  bytes bytea, json jsonb, at timestamp(3), day date, uuid uuid, kind "Kind", "personId" text REFERENCES "Person"(id));
CREATE UNIQUE INDEX one_open ON "Every kind" (text) WHERE flag;
CREATE INDEX by_person ON "Every kind" ("personId");
INSERT INTO "Every kind" VALUES
 (5, NULL, NULL, NULL, NULL, NULL, NULL, NULL, 'null', '1900-01-01', NULL, NULL, NULL, NULL),
 (1, true, 7, 9007199254740993, 123456.789, 1.10, E'tab\\t newline\\n \\\\N \\\\. "quoted" 🦊 \\uFEFF\\u2028', '\\x005c783431ff', '{"a": [1, 2.50, null, "x"], "b": 1.0, "long": 12345678901234567890}', '2024-03-01 10:00:00.123', '2024-03-01', '0e37df36-f698-11e6-8dd4-cb9ced3df976', 'RED', 'a'),
 (2, false, -7, -5, 1e300, 1, '', '', '123', '2024-03-01 10:00:00.123', '2024-02-29', NULL, 'BLUE', 'B'),
 (3, false, 0, 0, 5e-324, 0.30000000000000004, '007', 'text in a blob', '0.10', '2024-03-01 10:00:00', '2024-03-01', NULL, 'RED', 'é'),
 (4, true, 1, NULL, 'Infinity', NULL, 'é', NULL, '"AAé"', '2024-03-01 10:00:00.123', NULL, NULL, NULL, NULL);
SELECT setval('"Every kind_id_seq"', 5);
CREATE TABLE "Log" (line text, n integer);
INSERT INTO "Log" VALUES (NULL, NULL), ('twice', 1), ('twice', 1), ('once', 2);
CREATE TABLE "Pair" ("left" text NOT NULL, "right" integer NOT NULL, note text, PRIMARY KEY ("left", "right"));
INSERT INTO "Pair" VALUES ('X', 1, 'c'), ('x', 10, 'b'), ('x', 2, 'a');
CREATE TABLE "Moment" (at timestamptz(3) PRIMARY KEY, what text);
INSERT INTO "Moment" VALUES ('2024-03-01 10:00:00Z', 'text'), ('2021-01-01 00:00:00Z', 'number'), ('2019-01-01 00:00:00Z', 'day');
CREATE TABLE "Price" (amount numeric(65,30) PRIMARY KEY, note text);
INSERT INTO "Price" VALUES (2.0, 'two'), (10.000, 'ten'), (1.50, 'one and a half');
CREATE TABLE "Empty" (id bigserial PRIMARY KEY);
`
