import { z } from 'zod'
import { errorCodes } from '@/lib/core/errors'
import { sealedTargetSchema } from './active-state'
import type { ControlStore } from './control-store'

const count = z.number().int().nonnegative()

/** What waits on PostgreSQL to be carried to SQLite, as it was counted at one moment. */
export const waitingChangesSchema = z.object({
  at: z.iso.datetime(),
  total: count,
  /** How long carrying it would take, while the app goes on. */
  estimatedMs: z.number().nonnegative(),
  tables: z.array(z.object({ table: z.string(), inserted: count, updated: count, deleted: count })),
})
export type WaitingChanges = z.infer<typeof waitingChangesSchema>

const wayBackSchema = z.object({
  /** Migration that brought the app to PostgreSQL. */
  jobId: z.string(),
  /** Null when it was never counted. */
  waiting: waitingChangesSchema.nullable(),
  /** Set while PostgreSQL does not answer the worker. */
  away: z.object({ since: z.iso.datetime(), code: z.enum(errorCodes), message: z.string() }).nullable(),
  /** Ids of the administrators at the last look: who may act while the accounts cannot be asked. */
  administrators: z.array(z.string()).nullable(),
})
/** What the worker last saw of PostgreSQL while the app runs on it. */
export type WayBack = z.infer<typeof wayBackSchema>

const wayBackKey = 'way-back'

/** Null when the worker never looked since the switch that this migration led to. */
export async function readWayBack(store: ControlStore, jobId: string): Promise<WayBack | null> {
  const known = await readSetting(store, wayBackKey, wayBackSchema)
  return known?.jobId === jobId ? known : null
}

export function writeWayBack(store: ControlStore, wayBack: WayBack): Promise<void> {
  return writeSetting(store, wayBackKey, wayBack)
}

export const emergencyRecordSchema = z.object({
  /** Migration that had brought the app to the database that was left; its mark stands there. */
  jobId: z.string(),
  target: sealedTargetSchema,
  /** Which change log notes what the app writes to SQLite since. */
  log: z.string().nullable(),
  /** When the app was taken to SQLite. */
  at: z.iso.datetime(),
  by: z.string(),
  /** Since when the app had been on PostgreSQL: of then, or of the last way back that was begun, is the file. Null: it never was. */
  onPostgresSince: z.iso.datetime().nullable(),
  /** What was known to wait when PostgreSQL was last seen. */
  lastKnown: waitingChangesSchema.nullable(),
  /**
   * away: PostgreSQL was not seen again yet. closed: it takes no writes any more, and what stayed behind is counted. other:
   * what answers at its address is not the database that was left.
   */
  postgres: z.discriminatedUnion('status', [
    z.object({ status: z.literal('away'), message: z.string().nullable(), lookedAt: z.iso.datetime().nullable() }),
    z.object({
      status: z.literal('closed'),
      closedAt: z.iso.datetime(),
      /** Null where it could not be told yet; `message` says why. */
      left: z
        .object({
          total: count,
          changedOnBothSides: count,
          tables: z.array(
            z.object({ table: z.string(), inserted: count, updated: count, deleted: count, changedOnBothSides: count, withoutKey: count }),
          ),
        })
        .nullable(),
      /** Name of the list in the data folder. */
      file: z.string().nullable(),
      message: z.string().nullable(),
    }),
    z.object({ status: z.literal('other'), lookedAt: z.iso.datetime() }),
  ]),
})
/** An emergency switch to SQLite, and what became of the database that was left. */
export type EmergencyRecord = z.infer<typeof emergencyRecordSchema>

const emergencyKey = 'emergency'

/** The last one; null when there never was one. */
export function readEmergency(store: ControlStore): Promise<EmergencyRecord | null> {
  return readSetting(store, emergencyKey, emergencyRecordSchema)
}

export function writeEmergency(store: ControlStore, record: EmergencyRecord): Promise<void> {
  return writeSetting(store, emergencyKey, record)
}

async function readSetting<T>(store: ControlStore, key: string, schema: z.ZodType<T>): Promise<T | null> {
  const row = await store.read.setting.findUnique({ where: { key } })
  const parsed = row === null ? null : schema.safeParse(JSON.parse(row.value))
  return parsed?.success ? parsed.data : null
}

async function writeSetting(store: ControlStore, key: string, value: object): Promise<void> {
  const data = { value: JSON.stringify(value), updatedAt: store.clock.now() }
  await store.write((transaction) => transaction.setting.upsert({ where: { key }, create: { key, ...data }, update: data }))
}
