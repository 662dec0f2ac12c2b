import { readActiveDatabase } from '@/lib/control/active-database'
import type { ActiveState } from '@/lib/control/active-state'
import type { ControlStore } from '@/lib/control/control-store'
import type { SwitchPlan } from '@/lib/control/switch-choice'
import { readAnySwitchPlan } from '@/lib/control/switch-plan'
import { readWayBack, type WayBack } from '@/lib/control/way-back'
import type { FoundAlarm } from './find-alarms'

export interface SwitchAlarmInput {
  readonly state: ActiveState
  readonly plan: SwitchPlan | null
  readonly wayBack: WayBack | null
  readonly now: Date
}

/** A server that is restarted is away for some seconds, and nobody has to get up for that. */
const awayForMs = 60_000

/** What is wrong with the switch to PostgreSQL and with PostgreSQL itself, that nobody may be looking at. */
export function findSwitchAlarms({ state, plan, wayBack, now }: SwitchAlarmInput): readonly FoundAlarm[] {
  if (state.status === 'ready-to-switch' && plan?.jobId === state.jobId && plan.stopped) {
    const { at, reason } = plan.stopped
    return [{ key: `switch-held:${at}`, detail: { kind: 'switch-held', at, reason } }]
  }
  if (state.status === 'on-postgresql' && wayBack?.away && now.getTime() - Date.parse(wayBack.away.since) >= awayForMs) {
    const { since, message } = wayBack.away
    return [{ key: 'postgres-away', detail: { kind: 'postgres-away', at: since, problem: message } }]
  }
  return []
}

/** Reads what `findSwitchAlarms` judges. */
export async function readSwitchAlarms(store: ControlStore): Promise<readonly FoundAlarm[]> {
  const { state } = await readActiveDatabase(store)
  const wayBack = state.status === 'on-postgresql' && state.jobId !== null ? await readWayBack(store, state.jobId) : null
  return findSwitchAlarms({ state, plan: await readAnySwitchPlan(store), wayBack, now: store.clock.now() })
}
