import { readActiveDatabase } from '@/lib/control/active-database'
import type { ControlStore } from '@/lib/control/control-store'
import type { Prisma } from '@/lib/control/generated/client'
import { AppError, reportError } from '@/lib/core/errors'
import type { Logger } from '@/lib/core/logger'
import { nextRun } from './cron-times'
import { jobPayloads } from './job'
import { enqueueJob } from './job-queue'
import { requireStateFor } from './preconditions'
import { schedulableKinds, type skipReasons } from './schedule'

type SkipReason = (typeof skipReasons)[number]

/**
 * Queues what is due. However many runs were missed while no worker lived, a schedule runs once and then at its next
 * time. Any number of workers may call it: the conditional UPDATE on the due time lets one of them have each run.
 *
 * A run is skipped, and says why, when the one before it has not ended or the app is in no state for such a job. While
 * an exclusive job holds the databases an exclusive one stays due and is tried again.
 *
 * @returns ids of the jobs that were queued
 */
export async function queueDueJobs(store: ControlStore, logger: Logger): Promise<readonly string[]> {
  const now = store.clock.now()
  const rows = await store.read.schedule.findMany({ where: { enabled: true }, orderBy: { nextRunAt: 'asc' } })
  const due = rows.filter(({ nextRunAt }) => nextRunAt && nextRunAt <= now)
  for (const row of rows) await bringForward(store, row, now)
  const queued: string[] = []
  for (const row of due) {
    const before = row.nextRunAt
    if (!before || !(await takeRun(store, row, before, now))) continue
    try {
      const outcome = await queueOne(store, row)
      if ('jobId' in outcome) queued.push(outcome.jobId)
      else logger.info({ schedule: row.id, kind: row.kind, reason: outcome.skipped }, 'scheduled run skipped')
      const data = 'jobId' in outcome ? { lastJobId: outcome.jobId, lastSkip: null } : { lastSkip: outcome.skipped }
      await store.write((transaction) => transaction.schedule.updateMany({ where: { id: row.id }, data: { ...data, lastRunAt: now } }))
    } catch (error) {
      // Due again: nothing was queued.
      await store.write((transaction) => transaction.schedule.updateMany({ where: { id: row.id }, data: { nextRunAt: before } }))
      const isBusy = error instanceof AppError && error.code === 'LEASE_HELD'
      if (!isBusy) logger.warn({ schedule: row.id, error: reportError(error) }, 'scheduled run could not be queued')
    }
  }
  return queued
}

/** A clock corrected by less repeats no run, in milliseconds. */
const correctionMs = 60 * 60_000

/**
 * A time that was reckoned while the clock was ahead (a machine whose battery is empty starts in any year) would be waited for
 * until then: no time lies beyond the next one after now. What has run within the hour after now has run.
 */
async function bringForward(store: ControlStore, row: Prisma.ScheduleModel, now: Date): Promise<void> {
  const { id, nextRunAt: planned, lastRunAt } = row
  if (!planned || planned <= now) return
  const isCorrection = lastRunAt !== null && lastRunAt > now && lastRunAt.getTime() - now.getTime() < correctionMs
  const nextRunAt = nextRunOf(row, isCorrection ? lastRunAt : now)
  if (nextRunAt === null || planned <= nextRunAt) return
  await store.write((transaction) => transaction.schedule.updateMany({ where: { id, nextRunAt: planned }, data: { nextRunAt } }))
}

/** Null for what this version does not understand; that is said when it comes due. */
function nextRunOf({ cron, zone }: Prisma.ScheduleModel, from: Date): Date | null {
  try {
    return nextRun(cron, zone, from)
  } catch (error) {
    if (error instanceof AppError) return null
    throw error
  }
}

/** Whether this run is ours: moves the schedule on to its next time after now, if nobody else has. */
async function takeRun(store: ControlStore, row: Prisma.ScheduleModel, due: Date, now: Date): Promise<boolean> {
  const nextRunAt = nextRun(row.cron, row.zone, now)
  const where = { id: row.id, enabled: true, nextRunAt: due }
  const { count } = await store.write((transaction) => transaction.schedule.updateMany({ where, data: { nextRunAt } }))
  return count === 1
}

async function queueOne(store: ControlStore, row: Prisma.ScheduleModel): Promise<{ jobId: string } | { skipped: SkipReason }> {
  const kind = schedulableKinds.find((known) => known === row.kind)
  const payload = kind && jobPayloads[kind].safeParse(JSON.parse(row.payload))
  // Written by another version of ours.
  if (!kind || !payload?.success) return { skipped: 'not-valid' }
  const unfinished = row.lastJobId !== null && { id: row.lastJobId, status: { in: ['queued', 'running'] } }
  if (unfinished && (await store.read.job.findFirst({ where: unfinished }))) return { skipped: 'still-running' }
  try {
    requireStateFor(kind, (await readActiveDatabase(store)).state)
  } catch (error) {
    if (error instanceof AppError && error.code === 'STATE_CONFLICT') return { skipped: 'wrong-state' }
    throw error
  }
  const { id } = await enqueueJob(store, { kind, payload: payload.data, requestedBy: `schedule of ${row.changedBy}` })
  return { jobId: id }
}
