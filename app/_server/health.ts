import { type Alarm, graveKinds } from '@/lib/alarms/alarm-view'
import { listAlarms } from '@/lib/alarms/watch-alarms'
import { listBackups } from '@/lib/backup/backup-catalogue'
import { couldRecover } from '@/lib/backup/could-recover'
import { readActiveDatabase } from '@/lib/control/active-database'
import { readWorkerStatus } from '@/lib/control/workers'
import { type AppError, reportError } from '@/lib/core/errors'
import type { Container } from './container'

/**
 * ok        all well
 * degraded  it serves, and somebody should look: an alarm, no worker, read-only
 * down      the app's database or the control store does not answer
 */
export type HealthStatus = 'ok' | 'degraded' | 'down'

export interface Health {
  readonly status: HealthStatus
  readonly at: string
  readonly version: string
  readonly database: { readonly engine: 'sqlite' | 'postgresql' | null; readonly answers: boolean; readonly state: string | null }
  readonly worker: { readonly alive: boolean; readonly lastSeenAt: string | null }
  readonly backups: {
    readonly couldRecover: string
    readonly lastTestedAt: string | null
    readonly alarms: readonly { readonly kind: string; readonly grave: boolean; readonly since: string }[]
  }
  /** What could not be asked, by the code of its error: nothing of an address or a path. */
  readonly problems: readonly string[]
}

/** A monitor may ask as often as it likes: the answer is this old at most, in milliseconds. */
const lifetimeMs = 5_000
/** A database that says nothing for so long does not answer. */
const patienceMs = 4_000

let known: { readonly asked: number; readonly health: Promise<Health> } | undefined

/** How the app is, asked at most every five seconds, by however many. Never throws. */
export function readHealth(container: Container): Promise<Health> {
  if (known === undefined || performance.now() - known.asked > lifetimeMs)
    known = { asked: performance.now(), health: askHealth(container) }
  return known.health
}

async function askHealth(container: Container): Promise<Health> {
  const { control, backups, appDatabase } = container
  const problems: string[] = []
  const ask = async <T>(what: string, question: () => Promise<T>, otherwise: T): Promise<T> => {
    try {
      return await withPatience(question())
    } catch (error) {
      problems.push(`${what}: ${reportError(error).code}`)
      return otherwise
    }
  }
  const state = await ask('control store', async () => (await readActiveDatabase(control)).state.status, null)
  const engine = await ask('control store', () => appDatabase.engine(), null)
  const answers = await ask(
    'database',
    async () => {
      await appDatabase.read((db) => db.user.findFirst({ select: { id: true } }))
      return true
    },
    false,
  )
  await ask('configuration', async () => requireNone(container.contradiction((await readActiveDatabase(control)).state)), undefined)
  const worker = await ask('control store', () => readWorkerStatus(control), { alive: false, lastSeenAt: null })
  const open = await ask('alarms', async () => (await listAlarms(control)).filter(({ clearedAt }) => clearedAt === null), [])
  const recover = await ask('backups', async () => couldRecover(await listBackups(backups), control.clock.now()), null)
  const isDegraded = !worker.alive || open.length > 0 || problems.length > 0 || (state !== 'on-sqlite' && state !== 'on-postgresql')
  return {
    status: state === null || !answers ? 'down' : isDegraded ? 'degraded' : 'ok',
    at: control.clock.now().toISOString(),
    version: backups.app.version,
    database: { engine, answers, state },
    worker: { alive: worker.alive, lastSeenAt: worker.lastSeenAt?.toISOString() ?? null },
    backups: {
      couldRecover: recover?.state ?? 'unknown',
      lastTestedAt: recover && recover.state !== 'untested' ? (recover.backup?.createdAt ?? null) : null,
      alarms: open.map(toShort),
    },
    problems: [...new Set(problems)],
  }
}

function requireNone(contradiction: AppError | null): void {
  if (contradiction) throw contradiction
}

function toShort({ detail, raisedAt }: Alarm) {
  return { kind: detail.kind, grave: graveKinds.includes(detail.kind), since: raisedAt }
}

async function withPatience<T>(answer: Promise<T>): Promise<T> {
  let timer: NodeJS.Timeout | undefined
  const late = new Promise<never>((_, reject) => {
    timer = setTimeout(() => reject(new Error('no answer in time')), patienceMs)
  })
  try {
    return await Promise.race([answer, late])
  } finally {
    clearTimeout(timer)
  }
}
