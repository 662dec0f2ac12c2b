import { z } from 'zod'
import type { SessionUser } from '@/lib/auth/roles'
import { readActiveDatabase } from '@/lib/control/active-database'
import { migrationModes } from '@/lib/control/active-state'
import { heldChoice, switchChoiceSchema } from '@/lib/control/switch-choice'
import { readAnySwitchPlan } from '@/lib/control/switch-plan'
import { AppError } from '@/lib/core/errors'
import { type JobKind, type JobView, jobPayloads } from '@/lib/jobs/job'
import { enqueueJob, getJob, retryJob } from '@/lib/jobs/job-queue'
import { requireStateFor } from '@/lib/jobs/preconditions'
import { openSavedTarget } from '@/lib/jobs/saved-targets'
import { sealTarget } from '@/lib/jobs/sealed-target'
import type { Container } from './container'
import { hasRecentAuthentication } from './session'

/** Where a target comes from: the server's TARGET_DATABASE_URL, one that was saved, or what an admin typed. */
export const targetChoiceSchema = z.discriminatedUnion('from', [
  z.object({ from: z.literal('environment') }),
  z.object({ from: z.literal('saved'), id: z.string().min(1).max(64) }),
  z.object({ from: z.literal('form'), url: z.string().trim().min(1).max(2_000) }),
])
export type TargetChoice = z.infer<typeof targetChoiceSchema>

/** What POST /api/jobs takes. The confirmations are what the admin had to type. */
export const jobRequestSchema = z.discriminatedUnion('kind', [
  z.object({
    kind: z.literal('migrate'),
    target: targetChoiceSchema,
    setAside: z.boolean().default(false),
    mode: z.enum(migrationModes).default('read-only'),
    /** When a live copy is switched to. Default: when somebody says so. */
    switch: switchChoiceSchema.default(heldChoice),
  }),
  z.object({ kind: z.literal('preflight'), target: targetChoiceSchema }),
  z.object({ kind: z.literal('verify') }),
  z.object({ kind: z.literal('recopy'), tables: jobPayloads.recopy.shape.tables, rows: jobPayloads.recopy.shape.rows }),
  z.object({ kind: z.literal('functions') }),
  z.object({ kind: z.literal('cutover'), confirmation: z.literal('PostgreSQL') }),
  z.object({ kind: z.literal('discard') }),
  z.object({ kind: z.literal('rollback'), confirmation: z.literal('SQLite'), ...jobPayloads.rollback.shape }),
  z.object({ kind: z.literal('forward') }),
  z.object({ kind: z.literal('forget') }),
  z.object({ kind: z.literal('finish'), confirmation: z.literal('PostgreSQL'), ...jobPayloads.finish.shape }),
])
export type JobRequest = z.infer<typeof jobRequestSchema>

/** Kinds that change which database people's data goes to, or rows of it: asked for only by somebody who just gave their password. */
const confirmedKinds: ReadonlySet<JobKind> = new Set(['recopy', 'cutover', 'rollback', 'finish'])

/**
 * Queues what an admin asked for, if the app is in a state for it.
 *
 * @throws AppError STATE_CONFLICT, LEASE_HELD, CONFIRMATION_REQUIRED, TARGET_URL_*, INVALID_INPUT
 */
export async function requestJob(container: Container, user: SessionUser, request: JobRequest): Promise<JobView> {
  const { control } = container
  await requireConfirmation(request.kind, user, request.kind === 'migrate' && switchesByItself(request))
  requireStateFor(request.kind, (await readActiveDatabase(control)).state)
  const requestedBy = user.email
  switch (request.kind) {
    case 'migrate': {
      const { url, allowPrivate } = await resolveTarget(container, request.target)
      const target = sealTarget(url, allowPrivate, container.environment.nextAuthSecret)
      const { setAside, mode, switch: choice } = request
      const payload = { target, setAside, mode, ...(mode === 'live' ? { switch: choice } : {}) }
      return enqueueJob(control, { kind: 'migrate', payload, requestedBy })
    }
    case 'preflight': {
      const { url, allowPrivate } = await resolveTarget(container, request.target)
      const target = sealTarget(url, allowPrivate, container.environment.nextAuthSecret)
      return enqueueJob(control, { kind: 'preflight', payload: { target }, requestedBy })
    }
    case 'recopy': {
      const { tables, rows } = request
      return enqueueJob(control, { kind: 'recopy', payload: { tables, ...(rows === undefined ? {} : { rows }) }, requestedBy })
    }
    case 'cutover': {
      const plan = await readAnySwitchPlan(control)
      return enqueueJob(control, { kind: 'cutover', payload: plan ? { freezeLimitMs: plan.freezeLimitMs } : {}, requestedBy })
    }
    case 'finish': {
      const { original, keepRecord } = request
      return enqueueJob(control, { kind: 'finish', payload: { original, keepRecord }, requestedBy })
    }
    case 'verify':
    case 'functions':
    case 'discard':
    case 'forward':
    case 'forget':
      return enqueueJob(control, { kind: request.kind, payload: {}, requestedBy })
    case 'rollback': {
      const { freezeLimitMs } = request
      return enqueueJob(control, { kind: 'rollback', payload: freezeLimitMs === undefined ? {} : { freezeLimitMs }, requestedBy })
    }
  }
}

/** Queues again what an ended job did, under the same conditions as the first time. */
export async function requestRetry(container: Container, user: SessionUser, jobId: string): Promise<JobView> {
  const { kind } = await getJob(container.control, jobId)
  await requireConfirmation(kind, user)
  requireStateFor(kind, (await readActiveDatabase(container.control)).state)
  return retryJob(container.control, jobId, user.email)
}

/**
 * The URL that a choice stands for, and whether it may lead into a private network.
 *
 * @throws AppError INVALID_INPUT when the environment names none, NOT_FOUND for a saved one that is gone, KEY_INVALID
 */
export async function resolveTarget(
  { control, environment }: Container,
  choice: TargetChoice,
): Promise<{ readonly url: string; readonly allowPrivate: boolean }> {
  if (choice.from === 'form') return { url: choice.url, allowPrivate: environment.allowPrivateTargets }
  if (choice.from === 'saved') {
    return { url: await openSavedTarget(control, choice.id, environment.nextAuthSecret), allowPrivate: environment.allowPrivateTargets }
  }
  // Whoever may set the server's environment may name any host.
  if (environment.targetUrl !== null) return { url: environment.targetUrl, allowPrivate: true }
  throw new AppError({
    code: 'INVALID_INPUT',
    operation: 'choose the target',
    message: 'TARGET_DATABASE_URL is not set.',
    hint: 'Type the address of the PostgreSQL database, or set TARGET_DATABASE_URL and start again.',
  })
}

/** It will move the app without anybody being asked again. */
function switchesByItself({ mode, switch: choice }: Extract<JobRequest, { kind: 'migrate' }>): boolean {
  return mode === 'live' && choice.when.kind !== 'held'
}

async function requireConfirmation(kind: JobKind, user: SessionUser, isWeighty = false): Promise<void> {
  if (!(isWeighty || confirmedKinds.has(kind)) || (await hasRecentAuthentication(user))) return
  throw new AppError({
    code: 'CONFIRMATION_REQUIRED',
    operation: `start a ${kind} job`,
    message: 'Give your password again first.',
    hint: 'The password counts for ten minutes.',
  })
}
