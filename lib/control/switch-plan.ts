import { AppError } from '@/lib/core/errors'
import { appendAudit } from './audit'
import type { ControlStore } from './control-store'
import { type SwitchChoice, type SwitchPlan, switchPlanSchema } from './switch-choice'

/** One plan at a time: there is one copy that an app can be switched to. */
const key = 'live.switch-plan'
/** Nobody plans further ahead than a copy may sensibly follow. */
const furthestMs = 31 * 24 * 3_600_000
/** Clocks of browsers and servers differ. */
const leewayMs = 60_000

/** The plan for the copy that this migration makes; null when none was chosen: then it is held. */
export async function readSwitchPlan(store: ControlStore, jobId: string): Promise<SwitchPlan | null> {
  const plan = await readAnySwitchPlan(store)
  return plan?.jobId === jobId ? plan : null
}

/** The plan that was chosen last, whichever migration it is of. */
export async function readAnySwitchPlan(store: ControlStore): Promise<SwitchPlan | null> {
  return parse(await store.read.setting.findUnique({ where: { key } }))
}

/**
 * Chooses when the copy of a migration is switched to. What was chosen before, and whatever became of it, is over.
 *
 * @throws AppError INVALID_INPUT for a time that has passed or is too far off, or a time zone that does not exist
 */
export async function chooseSwitch(store: ControlStore, jobId: string, choice: SwitchChoice, actor: string): Promise<SwitchPlan> {
  const now = store.clock.now()
  checkChoice(choice, now)
  return save(store, jobId, choice, actor, now)
}

/**
 * As `chooseSwitch`, unless something was chosen for this migration since: for a job that is begun, or taken up again. The
 * job may have waited for its worker: a time that has passed stands for as long as its window does, and is held after it.
 */
export async function chooseSwitchOnce(store: ControlStore, jobId: string, choice: SwitchChoice, actor: string): Promise<void> {
  if ((await readSwitchPlan(store, jobId)) !== null) return
  const now = store.clock.now()
  const { when } = choice
  const isPast = when.kind === 'at' && now.getTime() > Date.parse(when.at) + when.windowMinutes * 60_000
  await save(store, jobId, isPast ? { ...choice, when: { kind: 'held' } } : choice, actor, now)
}

/**
 * Changes what became of the plan, if it is still the one that was read: somebody may have chosen anew meanwhile.
 *
 * @returns false when it was another one; nothing was changed then
 */
export async function updateSwitchPlan(
  store: ControlStore,
  before: SwitchPlan,
  change: Partial<Pick<SwitchPlan, 'attempts' | 'waitsFor' | 'stopped'>>,
  audit?: { readonly actor: string; readonly action: string; readonly detail?: Readonly<Record<string, string | number>> },
): Promise<boolean> {
  const now = store.clock.now()
  return store.write(async (transaction) => {
    const value = JSON.stringify(switchPlanSchema.parse({ ...before, ...change }))
    const { count } = await transaction.setting.updateMany({
      where: { key, value: JSON.stringify(before) },
      data: { value, updatedAt: now },
    })
    if (count === 1 && audit) await appendAudit(transaction, now, { ...audit, subject: before.jobId })
    return count === 1
  })
}

/** Forgets the plan: its copy was given up, or the app runs on it. */
export async function forgetSwitchPlan(store: ControlStore, before: SwitchPlan): Promise<void> {
  await store.write((transaction) => transaction.setting.deleteMany({ where: { key, value: JSON.stringify(before) } }))
}

function checkChoice({ when }: SwitchChoice, now: Date): void {
  if (when.kind !== 'at') return
  try {
    new Intl.DateTimeFormat('en', { timeZone: when.zone })
  } catch {
    throw wrongTime('There is no such time zone.', 'Give it as Europe/Paris, America/New_York or UTC.')
  }
  const inMs = Date.parse(when.at) - now.getTime()
  if (inMs < -leewayMs) throw wrongTime('The time chosen for the switch has passed.', 'Choose a later one, or switch now.')
  if (inMs > furthestMs) throw wrongTime('The time chosen for the switch is more than a month away.', 'Choose an earlier one.')
}

function wrongTime(message: string, hint: string): AppError {
  return new AppError({ code: 'INVALID_INPUT', operation: 'plan the switch', message, hint })
}

async function save(store: ControlStore, jobId: string, choice: SwitchChoice, actor: string, now: Date): Promise<SwitchPlan> {
  const plan = switchPlanSchema.parse({
    ...choice,
    jobId,
    chosenBy: actor,
    chosenAt: now.toISOString(),
    attempts: [],
    waitsFor: null,
    stopped: null,
  } satisfies SwitchPlan)
  const data = { value: JSON.stringify(plan), updatedAt: now }
  await store.write(async (transaction) => {
    await transaction.setting.upsert({ where: { key }, create: { key, ...data }, update: data })
    await appendAudit(transaction, now, { actor, action: 'switch.chosen', subject: jobId, detail: auditOf(choice) })
  })
  return plan
}

function parse(row: { readonly value: string } | null): SwitchPlan | null {
  const parsed = row === null ? null : switchPlanSchema.safeParse(JSON.parse(row.value))
  return parsed?.success ? parsed.data : null
}

function auditOf({ when, freezeLimitMs }: SwitchChoice): Readonly<Record<string, string | number>> {
  const time = when.kind === 'at' ? { at: when.at, zone: when.zone, windowMinutes: when.windowMinutes } : {}
  return { when: when.kind, ...time, freezeLimitMs }
}
