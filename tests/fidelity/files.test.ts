import { randomBytes } from 'node:crypto'
import { chmodSync, copyFileSync, readFileSync, truncateSync, writeFileSync } from 'node:fs'
import Database from 'better-sqlite3'
import { expect, inject, it } from 'vitest'
import { isUntouched, migrateWhole } from './whole-migration'

const server = { url: inject('embeddedPostgresUrl') }
const rows = `CREATE TABLE t (id INTEGER PRIMARY KEY, v TEXT, b BLOB);
  WITH RECURSIVE n(i) AS (SELECT 1 UNION ALL SELECT i + 1 FROM n WHERE i < 300) INSERT INTO t SELECT i, 'é😀' || i, unhex(printf('%04x', i)) FROM n`
const sum = `SELECT count(*), md5(string_agg(v || encode(b, 'escape'), ',' ORDER BY id)) FROM t`

it('60: any page size, automatic vacuum, encoding, and a file that may only be read', async () => {
  const pragmas = [
    'PRAGMA page_size = 512; PRAGMA auto_vacuum = FULL',
    'PRAGMA page_size = 65536; PRAGMA auto_vacuum = INCREMENTAL',
    `PRAGMA encoding = 'UTF-16le'`,
    `PRAGMA encoding = 'UTF-16be'`,
  ]
  const results = await Promise.all(
    pragmas.map(async (pragma) => {
      await using moved = await migrateWhole(server, (path) => {
        const db = new Database(path)
        db.exec(`${pragma}; ${rows}`)
        db.close()
        chmodSync(path, 0o444)
      })
      expect(moved.result.error).toBeUndefined()
      return (await moved.rows(sum))[0]
    }),
  )
  expect(results[0]?.[0]).toBe('300')
  expect(new Set(results.map(String)).size).toBe(1)
})

it('60: rows that are only in the WAL, while another process keeps the file open', async () => {
  let writer: Database.Database | undefined
  await using moved = await migrateWhole(server, (path) => {
    writer = new Database(path)
    writer.pragma('journal_mode = WAL')
    writer.pragma('wal_autocheckpoint = 0')
    writer.exec(rows)
    expect(readFileSync(path).length).toBeLessThan(8192)
  })
  writer?.close()
  expect(moved.result.error).toBeUndefined()
  expect((await moved.rows('SELECT count(*) FROM t'))[0]).toEqual(['300'])
})

it('60: an interrupted write is taken back, and what was committed before it arrives', async () => {
  await using moved = await migrateWhole(server, (path) => {
    const dying = `${path}.dying`
    const db = new Database(dying)
    db.exec(rows)
    // So small a cache writes pages of the open transaction into the file.
    db.pragma('cache_size = 2')
    db.exec(`BEGIN; UPDATE t SET v = 'half' || v || hex(zeroblob(200))`)
    copyFileSync(dying, path)
    copyFileSync(`${dying}-journal`, `${path}-journal`)
    db.exec('ROLLBACK')
    db.close()
    expect(readFileSync(path).includes('half')).toBe(true)
  })
  expect(moved.result.error).toBeUndefined()
  expect(await moved.rows(`SELECT count(*), count(*) FILTER (WHERE v LIKE 'half%') FROM t`)).toEqual([['300', '0']])
})

it('58: an empty database, and one of a file without a byte', async () => {
  for (const build of ['CREATE TABLE t (id INTEGER PRIMARY KEY); DROP TABLE t', (path: string) => writeFileSync(path, '')]) {
    await using moved = await migrateWhole(server, build)
    expect(moved.result.error).toBeUndefined()
    expect(moved.result.tables).toEqual([])
  }
})

it('60: what is no database, encrypted, cut off or locked is refused by its name, and the target is as it was', async () => {
  let locker: Database.Database | undefined
  const cases: readonly (readonly [string, (path: string) => void])[] = [
    ['SOURCE_NOT_A_DATABASE', (path) => writeFileSync(path, 'id,name\n1,Ann\n')],
    ['SOURCE_NOT_A_DATABASE', (path) => writeFileSync(path, randomBytes(8192))],
    [
      'SOURCE_DAMAGED',
      (path) => {
        const db = new Database(path)
        db.exec(rows)
        db.close()
        truncateSync(path, 12_288)
      },
    ],
    [
      'SOURCE_BUSY',
      (path) => {
        locker = new Database(path)
        locker.exec(`${rows}; BEGIN EXCLUSIVE`)
      },
    ],
  ]
  for (const [code, build] of cases) {
    await using refused = await migrateWhole(server, build)
    expect(refused.result).toMatchObject({ status: 'failed', error: { code, hint: expect.stringMatching(/\w/) } })
    expect(await isUntouched(refused)).toBe(true)
  }
  locker?.close()
})
