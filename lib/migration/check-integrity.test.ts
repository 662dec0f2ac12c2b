import { closeSync, mkdtempSync, openSync, rmSync, statSync, truncateSync, writeSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import Database from 'better-sqlite3'
import { afterAll, beforeEach, describe, expect, it } from 'vitest'
import { addForeignIndexes } from '@/lib/sqlite/testing/foreign-tokenizer'
import { checkIntegrity, checkSoundness } from './check-integrity'

const folder = mkdtempSync(join(tmpdir(), 'bascule-integrity-'))
const path = join(folder, 'source.db')
const never = new AbortController().signal
afterAll(() => rmSync(folder, { recursive: true }))

beforeEach(() => {
  rmSync(path, { force: true })
  const db = new Database(path)
  db.exec(`CREATE TABLE t (id INTEGER PRIMARY KEY, a TEXT UNIQUE, b INTEGER CHECK (b < 5000), c TEXT NOT NULL);
    CREATE INDEX t_b ON t (b); CREATE INDEX t_part ON t (b) WHERE b > 10; CREATE INDEX t_expr ON t (lower(a));
    CREATE TABLE w (k TEXT, n INTEGER, v TEXT, PRIMARY KEY (k, n)) WITHOUT ROWID; CREATE INDEX w_v ON w (v);
    CREATE VIRTUAL TABLE f USING fts5(body); INSERT INTO f VALUES ('words');
    WITH RECURSIVE n(i) AS (SELECT 1 UNION ALL SELECT i+1 FROM n WHERE i<3000)
      INSERT INTO t SELECT i, 'text ' || i, i % 4000, 'c' FROM n;
    INSERT INTO w SELECT a, b, c FROM t;`)
  db.close()
})

/** Runs SQL while SQLite does not know of the index. */
function behindTheBackOf(index: string, sql: string): void {
  const db = new Database(path)
  db.unsafeMode(true)
  db.pragma('writable_schema = ON')
  const entry = db.prepare('SELECT * FROM sqlite_schema WHERE name = ?').get(index)
  db.prepare('DELETE FROM sqlite_schema WHERE name = ?').run(index)
  db.pragma('writable_schema = RESET')
  db.exec(sql)
  db.pragma('writable_schema = ON')
  db.prepare('INSERT INTO sqlite_schema VALUES (@type, @name, @tbl_name, @rootpage, @sql)').run(entry)
  db.close()
}

describe('what must be sound', () => {
  it('nothing is found in a sound file', async () => {
    await checkSoundness(path, never)
    await checkIntegrity(path, never)
  })

  it.each([
    ['t_b', "INSERT INTO t VALUES (9001, 'new', 1, 'c')", 't_b has 3000 entries for 3001 rows of t'],
    ['t_expr', 'DELETE FROM t WHERE id = 7', 't_expr has 3000 entries for 2999 rows of t'],
    ['w_v', "INSERT INTO w VALUES ('zz', 1, 'v')", 'w_v has 3000 entries for 3001 rows of w'],
  ])('the index %s with entries missing or left over', async (index, sql, sentence) => {
    behindTheBackOf(index, sql)
    await expect(checkSoundness(path, never)).rejects.toMatchObject({ code: 'SOURCE_DAMAGED', message: expect.stringContaining(sentence) })
    await expect(checkIntegrity(path, never)).rejects.toMatchObject({ code: 'SOURCE_DAMAGED' })
  })

  it('an index for full text search that does not agree with its table is no damage: it is not copied', async () => {
    const db = new Database(path)
    db.exec(`CREATE VIRTUAL TABLE stale USING fts4(content='t', c)`)
    const said = db.pragma('quick_check') as { quick_check: string }[]
    db.close()
    expect(said.map(({ quick_check }) => quick_check).join()).toMatch(/FTS4 table main\.stale/)
    await checkSoundness(path, never)
    await checkIntegrity(path, never)
  })

  it('a full text index whose tokenizer only another program has is no damage; the other tables are looked at all the same', async () => {
    addForeignIndexes(path)
    await checkSoundness(path, never)
    await checkIntegrity(path, never)
    behindTheBackOf('t_b', "INSERT INTO t VALUES (9001, 'new', 1, 'c')")
    await expect(checkSoundness(path, never)).rejects.toMatchObject({ code: 'SOURCE_DAMAGED' })
    await expect(checkIntegrity(path, never)).rejects.toMatchObject({ code: 'SOURCE_DAMAGED' })
  })

  it('a damaged page of a table in which such an index keeps its content', async () => {
    addForeignIndexes(path)
    const db = new Database(path)
    const page = db.prepare(`SELECT rootpage FROM sqlite_schema WHERE name = 'foreign_five_content'`).pluck().get()
    db.close()
    const file = openSync(path, 'r+')
    writeSync(file, Buffer.alloc(4096, 0xee), 0, 4096, (Number(page) - 1) * 4096)
    closeSync(file)
    await expect(checkIntegrity(path, never)).rejects.toMatchObject({ code: 'SOURCE_DAMAGED' })
  })

  it.each([1, 100, 5000])('a file without its last bytes: %i', async (missing) => {
    truncateSync(path, statSync(path).size - missing)
    await expect(checkSoundness(path, never)).rejects.toMatchObject({ code: 'SOURCE_DAMAGED' })
  })

  it('a damaged page', async () => {
    const size = statSync(path).size
    const file = openSync(path, 'r+')
    writeSync(file, Buffer.alloc(4096, 0xee), 0, 4096, Math.floor(size / 8192) * 4096)
    await expect(checkSoundness(path, never)).rejects.toMatchObject({ code: 'SOURCE_DAMAGED' })
  })
})
