import { z } from 'zod'

/**
 * When the worker queues a job on its own: a cron expression in a time zone. A contract file: what goes over the wire.
 */

/** Kinds of job that may be put on a schedule; each with a payload that its own schema in `job.ts` accepts. */
export const schedulableKinds = ['verify', 'backup', 'maintain'] as const
export type SchedulableKind = (typeof schedulableKinds)[number]

/** What an admin sets. */
export const scheduleInputSchema = z.object({
  kind: z.enum(schedulableKinds),
  /** As the kind's schema has it; checked by it when saved. */
  payload: z.record(z.string(), z.unknown()).default({}),
  /** Five fields: minute, hour, day of month, month, day of week; or a nickname such as @daily. */
  cron: z.string().trim().min(1).max(100),
  /** IANA name: Europe/Paris. */
  zone: z.string().trim().min(1).max(60),
  enabled: z.boolean(),
})
export type ScheduleInput = z.infer<typeof scheduleInputSchema>

/** Why a due run was not queued. */
export const skipReasons = ['still-running', 'wrong-state', 'not-valid'] as const

export const scheduleSchema = scheduleInputSchema.extend({
  id: z.string(),
  /** Null while disabled. ISO 8601, UTC. */
  nextRunAt: z.iso.datetime().nullable(),
  /** The coming runs, the first ones; empty while disabled. */
  nextRuns: z.array(z.iso.datetime()),
  /** When a run was last due and looked at. */
  lastRunAt: z.iso.datetime().nullable(),
  /** The last job that was queued by it. */
  lastJobId: z.string().nullable(),
  lastSkip: z.enum(skipReasons).nullable(),
  changedAt: z.iso.datetime(),
  changedBy: z.string(),
})
export type Schedule = z.infer<typeof scheduleSchema>
