import { createHash } from 'node:crypto'
import { z } from 'zod'
import type { SqliteTable } from '@/lib/core/catalogue'
import { AppError } from '@/lib/core/errors'
import { quoteName, type SafeSql, safeSql } from '@/lib/core/quoted-name'
import { changeKeyOf, changeTriggers, isChangeTrigger, keyColumns, type LoggedTable } from './change-triggers'
import { type SqliteDatabase, toSqliteError } from './open-database'
import type { RawValue } from './values/raw-value'

/** A table of the log: what its entries' numbers and keys stand for. */
export interface CapturedTable {
  readonly number: number
  readonly table: string
  /** Columns of the key, in the order of the values in the log. */
  readonly key: readonly string[]
}

/** One key that was touched. That it was inserted, updated or deleted is not noted: the row is read again anyway. */
export interface Change {
  /** Rises in the order in which the changes were committed. */
  readonly seq: number
  /** `CapturedTable.number` */
  readonly table: number
  /** With the storage class that each value had. */
  readonly key: readonly RawValue[]
}

/**
 * intact: every change of the captured tables since arming is in the log. Otherwise changes may be missing, and a copy that
 * relies on the log must be given up: `changed` when the schema is another than when it was armed, or a trigger of ours is
 * gone; `absent` when there is no log.
 */
export type ChangeLogState = { readonly status: 'intact'; readonly schemaVersion: number } | { readonly status: 'changed' | 'absent' }

const log = quoteName('_bascule_change')
const tableList = quoteName('_bascule_captured_table')
const mark = quoteName('_bascule_capture')

/**
 * Begins to note the key of every row that changes in these tables, whichever process changes it: triggers in the file are
 * the one thing that all writers obey. One BEGIN IMMEDIATE: a transaction that was writing has ended, and whatever commits
 * later is noted. A log that stands is begun anew.
 *
 * Tables without a key (`changeKeyOf`) must not be among them. Not noticed are writers that have switched triggers off for
 * themselves (SQLITE_DBCONFIG_ENABLE_TRIGGER), which is why a live copy is proved in the end.
 *
 * What the app sees is unchanged: `last_insert_rowid()`, `changes()` and RETURNING are the app's own. `total_changes()`
 * counts what triggers wrote as well, as SQLite documents it.
 *
 * @throws AppError SOURCE_BUSY, SOURCE_*, STRUCTURE_UNSUPPORTED for a table without a key
 */
export function armChangeLog(db: SqliteDatabase, tables: readonly SqliteTable[]): readonly CapturedTable[] {
  return immediately(db, () => {
    dropChangeLog(db)
    const logged = tables.map((table, index) => loggedTable(db, table, index + 1))
    const width = Math.max(1, ...logged.map(({ key }) => key.length))
    // No types, so that each value is kept in the class it has; and no constraint, so that no entry can be refused.
    // Without AUTOINCREMENT, which would leave `sqlite_sequence` behind: the last entry is never removed instead.
    db.exec(`CREATE TABLE ${log} (seq INTEGER PRIMARY KEY, t, ${keyColumns(width)})`)
    db.exec(`CREATE TABLE ${tableList} (number INTEGER PRIMARY KEY, name TEXT NOT NULL, key TEXT NOT NULL)`)
    db.exec(`CREATE TABLE ${mark} (armedAt TEXT NOT NULL, schemaVersion INTEGER NOT NULL, fingerprint TEXT NOT NULL)`)
    db.prepare(`INSERT INTO ${log} (seq, t) VALUES (0, 0)`).run()
    const note = db.prepare(`INSERT INTO ${tableList} VALUES (?, ?, ?)`)
    for (const one of logged) {
      note.run(one.number, one.table.name, JSON.stringify(one.key))
      for (const trigger of changeTriggers(one, log)) db.exec(trigger)
    }
    db.prepare(`INSERT INTO ${mark} VALUES (?, ?, ?)`).run(new Date().toISOString(), schemaVersionOf(db), fingerprintOf(db))
    return logged.map(({ number, table, key }) => ({ number, table: table.name, key }))
  })
}

/** Takes the log and its triggers away; the schema is then what it was before. Answers whether there was one. */
export function disarmChangeLog(db: SqliteDatabase): boolean {
  return immediately(db, () => dropChangeLog(db))
}

/** The tables that are captured; null when no log is armed. */
export function readCapturedTables(db: SqliteDatabase): readonly CapturedTable[] | null {
  if (!hasLog(db)) return null
  const rows = z
    .array(z.object({ number: z.number(), name: z.string(), key: z.string() }))
    .parse(db.prepare(`SELECT number, name, key FROM ${tableList} ORDER BY number`).all())
  return rows.map(({ number, name, key }) => ({ number, table: name, key: z.array(z.string()).parse(JSON.parse(key)) }))
}

/** When the log was armed: ISO 8601, UTC. Null when there is none. */
export function armedSince(db: SqliteDatabase): string | null {
  if (!hasLog(db)) return null
  return (
    z
      .object({ armedAt: z.string() })
      .optional()
      .parse(db.prepare(`SELECT armedAt FROM ${mark}`).get())?.armedAt ?? null
  )
}

/** Number of the last change committed; 0 before the first. Inside a transaction: of the last one that it sees. */
export function highestChange(db: SqliteDatabase): number {
  return z.object({ seq: z.number() }).parse(db.prepare(`SELECT max(seq) AS seq FROM ${log}`).get()).seq
}

/** Changes after one number and up to another, in order, at most `limit`. */
export function readChanges(db: SqliteDatabase, after: number, upTo: number, limit: number): readonly Change[] {
  const parts = new Map((readCapturedTables(db) ?? []).map((table) => [table.number, table.key.length]))
  const rows = db
    .prepare(`SELECT * FROM ${log} WHERE seq > ? AND seq <= ? AND t > 0 ORDER BY seq LIMIT ?`)
    .raw()
    .safeIntegers()
    // The first two columns are integers by our own triggers; the others are of any class.
    .all(after, upTo, limit) as [bigint, bigint, ...RawValue[]][]
  return rows.map(([seq, table, ...key]) => ({ seq: Number(seq), table: Number(table), key: key.slice(0, parts.get(Number(table)) ?? 0) }))
}

/** How many entries lie after one number and up to another. Walks them. */
export function countChanges(db: SqliteDatabase, after: number, upTo: number): number {
  const row = db.prepare(`SELECT count(*) AS changes FROM ${log} WHERE seq > ? AND seq <= ? AND t > 0`).get(after, upTo)
  return z.object({ changes: z.number() }).parse(row).changes
}

/**
 * Removes entries up to a number, at most `limit` in one transaction, so that the app never waits long for it. Answers how
 * many were removed; call it again while it is the limit. The last entry stays: the next one is counted on from it.
 */
export function pruneChanges(db: SqliteDatabase, upTo: number, limit = 2_000): number {
  return immediately(db, () => {
    const until = z
      .object({ seq: z.number().nullable() })
      .parse(
        db.prepare(`SELECT min(?, (SELECT min(seq) FROM ${log}) + ? - 1, (SELECT max(seq) FROM ${log}) - 1) AS seq`).get(upTo, limit),
      ).seq
    return until === null ? 0 : db.prepare(`DELETE FROM ${log} WHERE seq <= ?`).run(until).changes
  })
}

/**
 * Whether the log can be relied on. The schema is compared as the file holds it, so that a VACUUM or ANALYZE, which also
 * change `schema_version`, pass; the fence's own objects are left out.
 *
 * @param knownVersion `schemaVersion` of an earlier answer: when it still stands nothing else is read. Default: all is read,
 *   which also finds what somebody changed with `PRAGMA writable_schema`.
 */
export function checkChangeLog(db: SqliteDatabase, knownVersion?: number): ChangeLogState {
  const schemaVersion = schemaVersionOf(db)
  if (schemaVersion === knownVersion) return { status: 'intact', schemaVersion }
  if (!hasLog(db)) return { status: 'absent' }
  const row = z
    .object({ fingerprint: z.string() })
    .optional()
    .parse(db.prepare(`SELECT fingerprint FROM ${mark}`).get())
  return row?.fingerprint === fingerprintOf(db) ? { status: 'intact', schemaVersion } : { status: 'changed' }
}

function loggedTable(db: SqliteDatabase, table: SqliteTable, number: number): LoggedTable {
  const key = changeKeyOf(table)
  if (key === null) {
    throw new AppError({
      code: 'STRUCTURE_UNSUPPORTED',
      operation: 'begin to capture changes',
      subject: table.name,
      message: `The table ${table.name} has no key by which a deleted row could be told to PostgreSQL.`,
      hint: 'Give it a primary key, or migrate with the app read-only.',
    })
  }
  return { table, number, key, primaryKeyIndex: primaryKeyIndexOf(db, table) }
}

/** The catalogue leaves it out; its collations decide which rows a new one would displace. */
function primaryKeyIndexOf(db: SqliteDatabase, table: SqliteTable): LoggedTable['primaryKeyIndex'] {
  const parts = z.array(z.object({ name: z.string(), coll: z.string() })).parse(
    db
      .prepare(
        `SELECT x.name, x.coll FROM pragma_index_list(?) AS l, pragma_index_xinfo(l.name) AS x
         WHERE l.origin = 'pk' AND x.key = 1 ORDER BY x.seqno`,
      )
      .all(table.name),
  )
  if (parts.length === 0) return null
  return { parts: parts.map(({ name, coll }) => ({ column: name, expression: null, descending: false, collation: coll })), where: null }
}

function dropChangeLog(db: SqliteDatabase): boolean {
  const triggers = z.array(z.object({ name: z.string() })).parse(db.prepare(`SELECT name FROM sqlite_master WHERE type = 'trigger'`).all())
  const ours = triggers.filter(({ name }) => isChangeTrigger(name))
  for (const { name } of ours) db.exec(`DROP TRIGGER ${quoteName(name)}`)
  const had = hasLog(db)
  for (const name of [log, tableList, mark]) db.exec(`DROP TABLE IF EXISTS ${name}`)
  return had || ours.length > 0
}

function hasLog(db: SqliteDatabase): boolean {
  return db.prepare(`SELECT 1 FROM sqlite_master WHERE type = 'table' AND name = '_bascule_capture'`).get() !== undefined
}

function schemaVersionOf(db: SqliteDatabase): number {
  return z.number().parse(db.pragma('schema_version', { simple: true }))
}

/** Of all that the schema says, but for SQLite's own tables (statistics come and go) and the fence. */
function fingerprintOf(db: SqliteDatabase): string {
  const objects: SafeSql = safeSql`SELECT type, name, tbl_name, sql FROM sqlite_master
    WHERE NOT (substr(name, 1, 7) = 'sqlite_' OR substr(name, 1, 14) = '_bascule_fence') ORDER BY type, name`
  const digest = createHash('sha256')
  for (const row of db.prepare(objects).raw().iterate()) digest.update(JSON.stringify(row))
  return digest.digest('hex')
}

function immediately<T>(db: SqliteDatabase, work: () => T): T {
  try {
    return db.transaction(work).immediate()
  } catch (error) {
    throw toSqliteError(error, db.name)
  }
}
