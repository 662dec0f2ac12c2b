import Database from 'better-sqlite3'
import { expect, it } from 'vitest'
import { createSqliteDatabase } from '@/tests/support/sqlite-databases'
import { readSqliteCatalogue } from './catalogue'
import { openSqlite, toSqliteError } from './open-database'

async function read(script: string) {
  await using file = await createSqliteDatabase(script)
  const db = openSqlite(file.path, { readonly: true })
  try {
    return readSqliteCatalogue(db)
  } finally {
    db.close()
  }
}

it('reads keys, references, checks, generated columns and indexes from pragmas and from the text', async () => {
  const { tables } = await read(
    `
    CREATE TABLE parent (a INTEGER, b TEXT, PRIMARY KEY (b, a));
    CREATE TABLE [child table] (
      id INTEGER PRIMARY KEY AUTOINCREMENT, -- CHECK (comment)
      "x" INT NOT NULL DEFAULT (1+2) CHECK (x > 0 AND x <> ')'), \`b\` TEXT COLLATE NOCASE CONSTRAINT one_of CHECK (b IN ('p', 'q')),
      twice INT GENERATED ALWAYS AS (x * 2) STORED, thrice INT AS (x * 3),
      CONSTRAINT fk FOREIGN KEY (B, x) REFERENCES PARENT ON DELETE CASCADE DEFERRABLE INITIALLY DEFERRED,
      self INTEGER REFERENCES "child table"(id) ON UPDATE SET NULL,
      CHECK (length(b) < 10), UNIQUE (x, b)
    ) STRICT`
      .replace(
        `CONSTRAINT fk FOREIGN KEY (B, x) REFERENCES PARENT ON DELETE CASCADE DEFERRABLE INITIALLY DEFERRED,
      self INTEGER REFERENCES "child table"(id) ON UPDATE SET NULL,`,
        `self INTEGER REFERENCES "child table"(id) ON UPDATE SET NULL,
      CONSTRAINT fk FOREIGN KEY (B, x) REFERENCES PARENT ON DELETE CASCADE DEFERRABLE INITIALLY DEFERRED,`,
      )
      .concat(`;
    CREATE UNIQUE INDEX part ON [child table] (b COLLATE NOCASE DESC, lower(b) DESC) WHERE x > 3 AND b IS NOT NULL;
    INSERT INTO parent VALUES (5, 'p'); INSERT INTO [child table] (x, b) VALUES (5, 'p'); DELETE FROM [child table];`),
  )
  const child = tables.find((table) => table.name === 'child table')
  expect(child).toMatchObject({
    primaryKey: ['id'],
    rowidColumn: 'id',
    autoIncrement: true,
    strict: true,
    sequence: 1n,
    checks: [
      { name: null, expression: `x > 0 AND x <> ')'` },
      { name: 'one_of', expression: `b IN ('p', 'q')` },
      { name: null, expression: 'length(b) < 10' },
    ],
    foreignKeys: [
      { name: null, columns: ['self'], referencedTable: 'child table', referencedColumns: ['id'], onUpdate: 'SET NULL', deferred: false },
      { name: 'fk', columns: ['b', 'x'], referencedTable: 'parent', referencedColumns: ['b', 'a'], onDelete: 'CASCADE', deferred: true },
    ],
  })
  expect(child?.columns.map((column) => [column.name, column.defaultSql, column.generated, column.collation])).toEqual([
    ['id', null, null, 'BINARY'],
    ['x', '1+2', null, 'BINARY'],
    ['b', null, null, 'NOCASE'],
    ['twice', null, { expression: 'x * 2', stored: true }, 'BINARY'],
    ['thrice', null, { expression: 'x * 3', stored: false }, 'BINARY'],
    ['self', null, null, 'BINARY'],
  ])
  expect(child?.indexes).toEqual([
    {
      name: 'part',
      unique: true,
      origin: 'index',
      where: 'x > 3 AND b IS NOT NULL',
      parts: [
        { column: 'b', expression: null, descending: true, collation: 'NOCASE' },
        { column: null, expression: 'lower(b)', descending: true, collation: 'BINARY' },
      ],
    },
    expect.objectContaining({ origin: 'unique', unique: true }),
  ])
})

it('tells rowid aliases from other integer keys', async () => {
  const { tables } = await read(`
    CREATE TABLE alias (id INTEGER PRIMARY KEY);
    CREATE TABLE constraint_alias (id INTEGER NOT NULL, CONSTRAINT pk PRIMARY KEY (id));
    CREATE TABLE descending (id INTEGER PRIMARY KEY DESC);
    CREATE TABLE int_key (id INT PRIMARY KEY);
    CREATE TABLE flat (id INTEGER PRIMARY KEY) WITHOUT ROWID;
    CREATE TABLE none (a, b)`)
  expect(Object.fromEntries(tables.map((table) => [table.name, table.rowidColumn]))).toEqual({
    alias: 'id',
    constraint_alias: 'id',
    descending: null,
    int_key: null,
    flat: null,
    none: null,
  })
})

it('lists what is not a table, and hides what is internal', async () => {
  const catalogue = await read(`
    CREATE TABLE t (a TEXT); CREATE VIEW v AS SELECT a FROM t;
    CREATE TRIGGER tr AFTER INSERT ON t BEGIN DELETE FROM t; END;
    CREATE VIRTUAL TABLE search USING fts5(a);
    CREATE TABLE _bascule_fence (reason TEXT)`)
  expect(catalogue.tables.map((table) => table.name)).toEqual(['t'])
  expect(catalogue.others.filter((other) => other.kind !== 'shadow-table')).toEqual([
    { kind: 'view', name: 'v', table: null },
    { kind: 'trigger', name: 'tr', table: 't' },
    { kind: 'virtual-table', name: 'search', table: null },
  ])
  expect(catalogue.others.filter((other) => other.kind === 'shadow-table').every((other) => other.table === 'search')).toBe(true)
})

it('names the limit where a value is too large to be read', () => {
  const tooBig = Object.assign(new Error('string or blob too big'), { code: 'SQLITE_TOOBIG' })
  expect(toSqliteError(tooBig, 'app.db')).toMatchObject({
    code: 'SOURCE_UNREADABLE',
    message: expect.stringContaining('512 MiB'),
    hint: expect.stringContaining('octet_length'),
  })
})

it('reads the last key given out as SQLite does, also where somebody wrote it as a text', async () => {
  const { tables } = await read(`
    CREATE TABLE a (id INTEGER PRIMARY KEY AUTOINCREMENT); INSERT INTO a VALUES (5); UPDATE sqlite_sequence SET seq = '12';
    CREATE TABLE b (id INTEGER PRIMARY KEY AUTOINCREMENT); INSERT INTO b VALUES (5); UPDATE sqlite_sequence SET seq = 'x' WHERE name = 'b'`)
  expect(tables.map(({ name, sequence }) => [name, sequence])).toEqual([
    ['a', 12n],
    ['b', 0n],
  ])
})

it('knows a reference that waits for the commit as SQLite does', async () => {
  const waiting: readonly (readonly [clause: string, isDeferred: boolean])[] = [
    ['', false],
    ['DEFERRABLE', false],
    ['DEFERRABLE INITIALLY IMMEDIATE', false],
    ['ON DELETE CASCADE DEFERRABLE INITIALLY DEFERRED NOT NULL', true],
    ['NOT DEFERRABLE INITIALLY DEFERRED', false],
    ['DEFERRABLE INITIALLY DEFERRED NOT DEFERRABLE', false],
    ['NOT DEFERRABLE INITIALLY DEFERRED DEFERRABLE INITIALLY DEFERRED', true],
    ['REFERENCES p DEFERRABLE INITIALLY DEFERRED', false],
  ]
  for (const [clause, deferred] of waiting) {
    const sql = `CREATE TABLE p (id INTEGER PRIMARY KEY); CREATE TABLE c (one INT REFERENCES p ${clause})`
    const db = new Database(':memory:')
    db.exec(`PRAGMA foreign_keys = on; ${sql}; BEGIN`)
    const insert = () => db.exec('INSERT INTO c VALUES (1)')
    // Two references of one column: the first of them is asked here, and is not put off by the second.
    if (deferred) insert()
    else expect(insert).toThrow(/FOREIGN KEY/)
    db.close()
    expect((await read(sql)).tables.find(({ name }) => name === 'c')?.foreignKeys.map((key) => key.deferred)).toContain(deferred)
  }
})
