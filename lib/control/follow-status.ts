import { z } from 'zod'
import { errorCodes } from '@/lib/core/errors'
import { lagSchema } from '@/lib/core/progress'
import type { ControlStore } from './control-store'

const key = 'live.follow'
/** Points that are kept for the chart: two minutes. */
const mostPoints = 120

/** How a copy that follows its source is doing, as the worker last said. */
export const followStatusSchema = z.object({
  /** Job that made the copy. */
  jobId: z.string(),
  at: z.iso.datetime(),
  /**
   * following; waiting: PostgreSQL is away or somebody else is at work, and it goes on by itself; stopped: a person has to
   * do something.
   */
  status: z.enum(['following', 'waiting', 'stopped']),
  lag: lagSchema.nullable(),
  error: z.object({ code: z.enum(errorCodes), message: z.string(), hint: z.string().optional() }).nullable(),
  /** The last lags, oldest first, about one a second. */
  points: z.array(z.object({ at: z.number(), changesBehind: z.number(), secondsBehind: z.number(), changesPerSecond: z.number() })),
})
export type FollowStatus = z.infer<typeof followStatusSchema>

/** Null when no copy of this job ever followed. */
export async function readFollowStatus(store: ControlStore, jobId: string): Promise<FollowStatus | null> {
  const row = await store.read.setting.findUnique({ where: { key } })
  const parsed = row === null ? null : followStatusSchema.safeParse(JSON.parse(row.value))
  return parsed?.success && parsed.data.jobId === jobId ? parsed.data : null
}

/** Keeps what the worker says now, with the points of before when it is the same copy. */
export async function writeFollowStatus(store: ControlStore, status: Omit<FollowStatus, 'at' | 'points'>): Promise<void> {
  const now = store.clock.now()
  const before = await readFollowStatus(store, status.jobId)
  const point = status.lag === null ? [] : [{ at: now.getTime(), ...status.lag }]
  const points = [...(before?.points ?? []), ...point].slice(-mostPoints)
  const value = JSON.stringify({ ...status, at: now.toISOString(), points } satisfies FollowStatus)
  const data = { value, updatedAt: now }
  await store.write((transaction) => transaction.setting.upsert({ where: { key }, create: { key, ...data }, update: data }))
}
