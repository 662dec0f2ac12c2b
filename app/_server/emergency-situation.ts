import { readActiveDatabase } from '@/lib/control/active-database'
import { readWayBack, type WayBack } from '@/lib/control/way-back'
import { type Presence, probePostgres } from '@/lib/migration/live/emergency'
import { requireEmergencyState } from '@/lib/migration/switch-in-emergency'
import type { Container } from './container'

/**
 * gone: the app is on PostgreSQL, which does not answer. undecided: a copy stands on it, and it cannot be asked whether the
 * switch was made. Otherwise there is no emergency: PostgreSQL answers, or the app is not there.
 */
export type Situation =
  | {
      readonly status: 'gone' | 'undecided'
      readonly target: string
      readonly since: string
      readonly presence: Presence
      readonly wayBack: WayBack | null
    }
  | { readonly status: 'answers' }
  | { readonly status: 'elsewhere' }

const probeMs = 4_000
/** However many look at the page, the server is asked this often. */
const lifetimeMs = 2_000
let known: { readonly url: string; readonly at: number; readonly presence: Promise<Presence> } | undefined

export async function readSituation({ control, openTarget }: Container): Promise<Situation> {
  const { state } = await readActiveDatabase(control)
  if (state.status !== 'on-postgresql' && state.status !== 'ready-to-switch') return { status: 'elsewhere' }
  try {
    requireEmergencyState(state)
  } catch {
    return { status: 'elsewhere' }
  }
  const presence = await probeOnce(openTarget(state.target))
  if (presence.status === 'answers') return { status: 'answers' }
  const wayBack = state.jobId === null ? null : await readWayBack(control, state.jobId)
  return {
    status: state.status === 'on-postgresql' ? 'gone' : 'undecided',
    target: state.target.label,
    since: state.since,
    presence,
    wayBack,
  }
}

function probeOnce(url: string): Promise<Presence> {
  if (known?.url !== url || performance.now() - known.at > lifetimeMs)
    known = { url, at: performance.now(), presence: probePostgres(url, probeMs) }
  return known.presence
}

/** Whether an error came of PostgreSQL being gone: asked only where something failed. */
export async function isPostgresGone(container: Container): Promise<boolean> {
  const situation = await readSituation(container).catch(() => null)
  return situation?.status === 'gone'
}
