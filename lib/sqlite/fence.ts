import { z } from 'zod'
import { AppError } from '@/lib/core/errors'
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
  /** Whether it refuses writes now. Asleep, its triggers let everything pass and cost a look at one row. */
  readonly awake: boolean
}

const markTable = '_bascule_fence'
const triggerPrefix = '_bascule_fence_'
const operations = ['INSERT', 'UPDATE', 'DELETE'] as const

/** COALESCE: a mark without its row must refuse, not let pass. */
const awakeCondition = `COALESCE((SELECT awake FROM ${markTable}), 1)`

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
  return makeFence(db, reason, stage, true)
}

/**
 * Puts the guards in place without letting them refuse anything: `wakeFence` then takes one row instead of three triggers
 * a table, in every process at once. The same waiting and the same errors as `raiseFence`.
 */
export function installFence(db: SqliteDatabase, reason: string, stage: FenceStage = 'moving'): Fence {
  return makeFence(db, reason, stage, false)
}

/**
 * Lets an installed fence refuse writes, in one cheap transaction: a transaction that was writing has ended before it, and
 * what comes after is refused.
 *
 * @throws AppError SOURCE_BUSY when a writer does not end within the busy timeout; STATE_CONFLICT when no fence is installed
 */
export function wakeFence(db: SqliteDatabase): void {
  changeMark(db, 'awake = ?', 1)
}

/** Lets writes pass again; the guards stay in place. The same errors as `wakeFence`. */
export function sleepFence(db: SqliteDatabase): void {
  changeMark(db, 'awake = ?', 0)
}

/**
 * Runs `work` in one transaction that the fence lets pass, for the product's own writes into a fenced file. For every other
 * connection the fence never was away: what they can read is before or after the transaction. When `work` fails, nothing
 * was written.
 *
 * @throws AppError STATE_CONFLICT when no fence stands: then somebody else may be writing; SOURCE_BUSY
 */
export async function writeBehindFence<T>(db: SqliteDatabase, work: () => Promise<T>): Promise<T> {
  try {
    db.exec('BEGIN IMMEDIATE')
    try {
      if (!readFence(db)?.awake) throw noFence(db)
      db.exec(`UPDATE ${markTable} SET awake = 0`)
      const result = await work()
      db.exec(`UPDATE ${markTable} SET awake = 1; COMMIT`)
      return result
    } catch (error) {
      if (db.inTransaction) db.exec('ROLLBACK')
      throw error
    }
  } catch (error) {
    throw toSqliteError(error, db.name)
  }
}

/** Says another stage of the fence that stands; what it answers to writers stays. The same errors as `wakeFence`. */
export function restageFence(db: SqliteDatabase, stage: FenceStage): void {
  changeMark(db, 'stage = ?', stage)
}

function makeFence(db: SqliteDatabase, reason: string, stage: FenceStage, awake: boolean): Fence {
  try {
    return db
      .transaction(() => {
        dropFence(db)
        const tables = userTables(db)
        const fence: Fence = { stage, reason, raisedAt: new Date().toISOString(), tables: tables.length, awake }
        db.exec(
          `CREATE TABLE ${markTable} (stage TEXT NOT NULL, reason TEXT NOT NULL, raisedAt TEXT NOT NULL, tables INTEGER NOT NULL, awake INTEGER NOT NULL)`,
        )
        db.prepare(`INSERT INTO ${markTable} VALUES (@stage, @reason, @raisedAt, @tables, @awake)`).run({ ...fence, awake: Number(awake) })
        const message = quoteText(`${FENCE_MARK}: ${reason}`)
        tables.forEach((table, index) => {
          for (const operation of operations) {
            const trigger = quoteName(`${triggerPrefix}${index}_${operation.toLowerCase()}`)
            const head = `CREATE TRIGGER ${trigger} BEFORE ${operation} ON ${quoteName(table)} WHEN ${awakeCondition}`
            db.exec(`${head} BEGIN SELECT RAISE(ABORT, ${message}); END`)
          }
        })
        return fence
      })
      .immediate()
  } catch (error) {
    throw toSqliteError(error, db.name)
  }
}

function changeMark(db: SqliteDatabase, assignment: 'awake = ?' | 'stage = ?', value: number | string): void {
  try {
    db.transaction(() => {
      if (!readFence(db)) throw noFence(db)
      db.prepare(`UPDATE ${markTable} SET ${assignment}`).run(value)
    }).immediate()
  } catch (error) {
    throw toSqliteError(error, db.name)
  }
}

function noFence(db: SqliteDatabase): AppError {
  return new AppError({
    code: 'STATE_CONFLICT',
    operation: 'write behind the fence',
    subject: db.name,
    message: 'The fence of the SQLite file is gone: somebody may have written to it.',
    hint: 'Look who took its triggers down before anything else is done with this file.',
  })
}

/** Takes the fence down; the schema is byte for byte what it was before. Answers whether there was one. */
export function lowerFence(db: SqliteDatabase): boolean {
  try {
    return db.transaction(() => dropFence(db)).immediate()
  } catch (error) {
    throw toSqliteError(error, db.name)
  }
}

/** The fence that stands or sleeps, or null. */
export function readFence(db: SqliteDatabase): Fence | null {
  if (!hasMark(db)) return null
  // Every column: one that an earlier version raised has no `awake`, and refuses writes.
  return fenceRow.parse(db.prepare(`SELECT * FROM ${markTable}`).get())
}

const fenceRow = z.object({
  stage: z.enum(fenceStages),
  reason: z.string(),
  raisedAt: z.string(),
  tables: z.number(),
  awake: z
    .number()
    .default(1)
    .transform((value) => value !== 0),
})

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
