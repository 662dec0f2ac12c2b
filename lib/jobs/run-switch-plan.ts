import { readActiveDatabase } from '@/lib/control/active-database'
import type { ControlStore } from '@/lib/control/control-store'
import { readFollowStatus } from '@/lib/control/follow-status'
import type { SwitchPlan } from '@/lib/control/switch-choice'
import { forgetSwitchPlan, readAnySwitchPlan, updateSwitchPlan } from '@/lib/control/switch-plan'
import { AppError } from '@/lib/core/errors'
import type { Logger } from '@/lib/core/logger'
import { decideSwitch } from './decide-switch'
import type { JobView } from './job'
import { cancelJob, enqueueJob, getJob } from './job-queue'

/**
 * Looks at the planned switch, and does what `decideSwitch` says: queues the cut-over, or holds the switch and says why. Any
 * number of workers may call it at any time: of several cut-overs the queue takes one, and the plan is changed by compare and
 * set. A worker that dies between the two leaves a job that the plan does not know of, and which is found running.
 *
 * @returns the id of the cut-over that was queued now
 */
export async function considerSwitch(store: ControlStore, logger: Logger): Promise<string | null> {
  const read = await readAnySwitchPlan(store)
  if (read === null) return null
  const attempt = await lastAttempt(store, read)
  const plan = attempt === null ? read : await noteEnded(store, read, attempt)
  if (plan === null) return null
  const { state } = await readActiveDatabase(store)
  const decision = decideSwitch({
    plan,
    state,
    migration: (await findJob(store, plan.jobId))?.status ?? null,
    follow: await readFollowStatus(store, plan.jobId),
    attempt: attempt && { ...attempt, finishedAt: attempt.finishedAt === null ? null : new Date(attempt.finishedAt) },
    now: store.clock.now(),
  })
  switch (decision.do) {
    case 'nothing':
      return null
    case 'forget':
      await forgetSwitchPlan(store, plan)
      return null
    case 'wait':
      if (plan.waitsFor !== decision.for) await updateSwitchPlan(store, plan, { waitsFor: decision.for })
      return null
    case 'stop': {
      const { reason } = decision
      const stopped = { at: store.clock.now().toISOString(), reason }
      const audit = { actor: 'worker', action: 'switch.held', detail: { reason } }
      if (await updateSwitchPlan(store, plan, { stopped, waitsFor: null }, audit))
        logger.warn({ jobId: plan.jobId, reason }, 'the planned switch is held')
      return null
    }
    case 'switch':
      return queueCutOver(store, plan, logger)
  }
}

async function queueCutOver(store: ControlStore, plan: SwitchPlan, logger: Logger): Promise<string | null> {
  const { freezeLimitMs, when } = plan
  const notAfter = when.kind === 'at' ? { notAfter: new Date(Date.parse(when.at) + when.windowMinutes * 60_000).toISOString() } : {}
  try {
    const job = await enqueueJob(store, {
      kind: 'cutover',
      payload: { freezeLimitMs, ...notAfter },
      requestedBy: `plan of ${plan.chosenBy}`,
    })
    const attempts = [...plan.attempts, { jobId: job.id, at: store.clock.now().toISOString(), error: null }]
    const audit = { actor: 'worker', action: 'switch.begun', detail: { job: job.id } }
    if (!(await updateSwitchPlan(store, plan, { attempts, waitsFor: 'job' }, audit))) {
      // Somebody has chosen otherwise this moment.
      await cancelJob(store, job.id, 'worker')
      return null
    }
    logger.info({ jobId: job.id, copy: plan.jobId }, 'the planned switch begins')
    return job.id
  } catch (error) {
    // Another job that moves the databases was asked for first, or the command line is at work: it is waited for.
    if (!(error instanceof AppError && error.code === 'LEASE_HELD')) throw error
    if (plan.waitsFor !== 'job') await updateSwitchPlan(store, plan, { waitsFor: 'job' })
    return null
  }
}

async function lastAttempt(store: ControlStore, plan: SwitchPlan): Promise<JobView | null> {
  const last = plan.attempts.at(-1)
  return last === undefined ? null : findJob(store, last.jobId)
}

/** Keeps beside the attempt why it failed. Null when somebody has chosen anew meanwhile. */
async function noteEnded(store: ControlStore, plan: SwitchPlan, { id, error }: JobView): Promise<SwitchPlan | null> {
  const last = plan.attempts.at(-1)
  if (error === null || last?.jobId !== id || last.error !== null) return plan
  const attempts = [...plan.attempts.slice(0, -1), { ...last, error: { code: error.code, message: error.message } }]
  return (await updateSwitchPlan(store, plan, { attempts })) ? { ...plan, attempts } : null
}

async function findJob(store: ControlStore, id: string): Promise<JobView | null> {
  try {
    return await getJob(store, id)
  } catch (error) {
    if (error instanceof AppError && error.code === 'NOT_FOUND') return null
    throw error
  }
}
