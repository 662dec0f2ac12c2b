import { randomUUID } from 'node:crypto'
import { appendAudit } from '@/lib/control/audit'
import type { ControlStore } from '@/lib/control/control-store'
import type { Prisma } from '@/lib/control/generated/client'
import { AppError } from '@/lib/core/errors'
import { checkCron, nextRun, nextRuns } from './cron-times'
import { jobPayloads } from './job'
import { type SchedulableKind, type Schedule, type ScheduleInput, scheduleSchema } from './schedule'

const shownRuns = 3

/** The schedules, of one kind or of all, in the order in which they were made. */
export async function listSchedules(store: ControlStore, kind?: SchedulableKind): Promise<readonly Schedule[]> {
  const rows = await store.read.schedule.findMany({
    where: kind === undefined ? {} : { kind },
    orderBy: [{ createdAt: 'asc' }, { id: 'asc' }],
  })
  return rows.map((row) => toSchedule(row, store.clock.now()))
}

/**
 * Makes a schedule, or changes the one named. Its next run is counted from now, so that switching one on again does not
 * run what was missed while it was off.
 *
 * @throws AppError INVALID_INPUT for a wrong expression, zone or payload; NOT_FOUND for an unknown id
 */
export async function saveSchedule(store: ControlStore, input: ScheduleInput, actor: string, id?: string): Promise<Schedule> {
  const now = store.clock.now()
  checkCron(input.cron, input.zone, now)
  const payload = JSON.stringify(checkPayload(input))
  const { kind, cron, zone, enabled } = input
  const data = {
    kind,
    payload,
    cron,
    zone,
    enabled,
    nextRunAt: enabled ? nextRun(cron, zone, now) : null,
    changedAt: now,
    changedBy: actor,
  }
  const scheduleId = id ?? randomUUID()
  await store.write(async (transaction) => {
    if (id === undefined) await transaction.schedule.create({ data: { id: scheduleId, createdAt: now, ...data } })
    else {
      const { count } = await transaction.schedule.updateMany({ where: { id }, data })
      if (count !== 1) throw noSchedule(id)
    }
    const detail = { kind, cron, zone, enabled }
    const action = id === undefined ? 'schedule.made' : 'schedule.changed'
    await appendAudit(transaction, now, { actor, action, subject: scheduleId, detail })
  })
  const row = await store.read.schedule.findUniqueOrThrow({ where: { id: scheduleId } })
  return toSchedule(row, now)
}

/** Forgets a schedule; jobs that it queued stay. @throws AppError NOT_FOUND */
export async function removeSchedule(store: ControlStore, id: string, actor: string): Promise<void> {
  await store.write(async (transaction) => {
    const { count } = await transaction.schedule.deleteMany({ where: { id } })
    if (count !== 1) throw noSchedule(id)
    await appendAudit(transaction, store.clock.now(), { actor, action: 'schedule.removed', subject: id })
  })
}

function toSchedule(row: Prisma.ScheduleModel, now: Date): Schedule {
  return scheduleSchema.parse({
    id: row.id,
    kind: row.kind,
    payload: JSON.parse(row.payload),
    cron: row.cron,
    zone: row.zone,
    enabled: row.enabled,
    nextRunAt: row.nextRunAt?.toISOString() ?? null,
    nextRuns: row.enabled ? nextRuns(row.cron, row.zone, now, shownRuns).map((run) => run.toISOString()) : [],
    lastRunAt: row.lastRunAt?.toISOString() ?? null,
    lastJobId: row.lastJobId,
    lastSkip: row.lastSkip,
    changedAt: row.changedAt.toISOString(),
    changedBy: row.changedBy,
  })
}

function checkPayload({ kind, payload }: ScheduleInput): unknown {
  const parsed = jobPayloads[kind].safeParse(payload)
  if (parsed.success) return parsed.data
  const fields = parsed.error.issues.map((issue) => issue.path.join('.')).join(', ')
  throw new AppError({
    code: 'INVALID_INPUT',
    operation: 'save a schedule',
    message: `The ${kind} job's payload is not valid: ${fields}.`,
    cause: parsed.error,
  })
}

function noSchedule(id: string): AppError {
  return new AppError({ code: 'NOT_FOUND', operation: 'find a schedule', subject: id, message: 'There is no such schedule.' })
}
