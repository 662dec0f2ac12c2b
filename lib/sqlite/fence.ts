import { z } from 'zod'
import { quoteName, quoteText } from '@/lib/core/quoted-name'
import { isReservedTable } from '@/lib/core/reserved-names'
import { type SqliteDatabase, toSqliteError } from './open-database'

/** Stands at the beginning of the message of every write that the fence refused, in SQLite and in PostgreSQL. */
export const FENCE_MARK = 'BASCULE_FENCED'

/**
 * Why it stands: moving, while a copy is made and until the switch; moved, the data is on PostgreSQL; returning, the
 * switch back has begun. It tells a recovery that has lost everything else which database is the authority.
 */
export const fenceStages = ['moving', 'moved', 'returning'] as const
export type FenceStage = (typeof fenceStages)[number]

export interface Fence {
  readonly stage: FenceStage
  readonly reason: string
  /** ISO 8601, UTC. */
  readonly raisedAt: string
  /** How many tables it guards. */
  readonly tables: number
}

const markTable = '_bascule_fence'
const triggerPrefix = '_bascule_fence_'
const operations = ['INSERT', 'UPDATE', 'DELETE'] as const

/**
 * Makes every ordinary table of the file refuse writes, from whichever process they come: guard triggers are the
 * only thing that all of them obey. Raised in one BEGIN IMMEDIATE, so a transaction that was writing has ended and
 * none begins in between. Safe to repeat: tables that appeared meanwhile are guarded too, and the reason is renewed.
 *
 * Not guarded: changes of the schema (noticed by `schema_version`) and virtual tables, which take no triggers.
 *
 * @param reason said to whoever tries to write, one sentence without secrets
 * @throws AppError SOURCE_BUSY when another process keeps its write transaction open beyond the busy timeout
 */
export function raiseFence(db: SqliteDatabase, reason: string, stage: FenceStage = 'moving'): Fence {
  try {
    return db
      .transaction(() => {
        dropFence(db)
        const tables = userTables(db)
        const message = quoteText(`${FENCE_MARK}: ${reason}`)
        tables.forEach((table, index) => {
          for (const operation of operations) {
            const trigger = quoteName(`${triggerPrefix}${index}_${operation.toLowerCase()}`)
            db.exec(`CREATE TRIGGER ${trigger} BEFORE ${operation} ON ${quoteName(table)} BEGIN SELECT RAISE(ABORT, ${message}); END`)
          }
        })
        const fence: Fence = { stage, reason, raisedAt: new Date().toISOString(), tables: tables.length }
        db.exec(`CREATE TABLE ${markTable} (stage TEXT NOT NULL, reason TEXT NOT NULL, raisedAt TEXT NOT NULL, tables INTEGER NOT NULL)`)
        db.prepare(`INSERT INTO ${markTable} VALUES (@stage, @reason, @raisedAt, @tables)`).run(fence)
        return fence
      })
      .immediate()
  } catch (error) {
    throw toSqliteError(error, db.name)
  }
}

/** Takes the fence down; the schema is byte for byte what it was before. Answers whether there was one. */
export function lowerFence(db: SqliteDatabase): boolean {
  try {
    return db.transaction(() => dropFence(db)).immediate()
  } catch (error) {
    throw toSqliteError(error, db.name)
  }
}

/** The fence that stands, or null. */
export function readFence(db: SqliteDatabase): Fence | null {
  if (!hasMark(db)) return null
  const row = db.prepare(`SELECT stage, reason, raisedAt, tables FROM ${markTable}`).get()
  return z.object({ stage: z.enum(fenceStages), reason: z.string(), raisedAt: z.string(), tables: z.number() }).parse(row)
}

/** Whether an error, or anything it wraps, says that a fence refused the write. Prisma nests the database's text deep. */
export function isFenceError(error: unknown): boolean {
  return mentionsFence(error, 0)
}

function mentionsFence(value: unknown, depth: number): boolean {
  if (typeof value === 'string') return value.includes(FENCE_MARK)
  if (depth > 6 || typeof value !== 'object' || value === null) return false
  if (value instanceof Error && value.message.includes(FENCE_MARK)) return true
  const parts = [...Object.values(value), value instanceof Error ? value.cause : undefined]
  return parts.some((part) => mentionsFence(part, depth + 1))
}

function hasMark(db: SqliteDatabase): boolean {
  return db.prepare(`SELECT 1 FROM sqlite_master WHERE type = 'table' AND name = ?`).get(markTable) !== undefined
}

function userTables(db: SqliteDatabase): readonly string[] {
  const rows = db.prepare(`SELECT name FROM pragma_table_list WHERE schema = 'main' AND type = 'table' ORDER BY name`).all()
  return z
    .array(z.object({ name: z.string() }))
    .parse(rows)
    .map((row) => row.name)
    .filter((name) => !isReservedTable(name))
}

function dropFence(db: SqliteDatabase): boolean {
  const triggers = z
    .array(z.object({ name: z.string() }))
    .parse(
      db
        .prepare(`SELECT name FROM sqlite_master WHERE type = 'trigger' AND substr(name, 1, ?) = ?`)
        .all(triggerPrefix.length, triggerPrefix),
    )
  for (const trigger of triggers) db.exec(`DROP TRIGGER ${quoteName(trigger.name)}`)
  const hadMark = hasMark(db)
  if (hadMark) db.exec(`DROP TABLE ${markTable}`)
  return hadMark || triggers.length > 0
}
