import { AppError, type ErrorCode, reportError } from '@/lib/core/errors'
import type { Report } from '@/lib/core/progress'
import { connectPostgres, sqlStateOf } from '@/lib/postgres/connect'
import { lowerFence, readFence, restageFence } from '@/lib/sqlite/fence'
import { openSqlite, type SqliteDatabase } from '@/lib/sqlite/open-database'
import { armConflictLog } from './forward-log'
import type { EmergencyStep } from './protocol'

export interface EmergencyOptions {
  readonly sourcePath: string
  readonly targetUrl: string
  /** Where the app is: on PostgreSQL, or on SQLite with a copy that cannot be asked whether the switch to it was made. */
  readonly from: 'on-postgresql' | 'ready-to-switch'
  /** How long PostgreSQL is asked whether it is there after all. Default: 8,000. */
  readonly probeMs?: number
  /** Called after each step of the protocol: for tests, which end the process there. */
  readonly onStep?: (step: EmergencyStep) => void
}

/** From the flip of an emergency until SQLite takes writes: longer than any process of the app believes an old state. */
export const settleMs = 300

/** Whether PostgreSQL is there. A server that says anything but that it does not know us is there. */
export type Presence = { readonly status: 'answers' } | { readonly status: 'gone'; readonly code: ErrorCode; readonly message: string }

/** Asks the server once. Never throws. */
export async function probePostgres(targetUrl: string, probeMs = 8_000): Promise<Presence> {
  try {
    const client = await connectPostgres(targetUrl, { applicationName: 'bascule probe', signal: AbortSignal.timeout(probeMs) })
    await client.end().catch(() => undefined)
    return { status: 'answers' }
  } catch (error) {
    const state = sqlStateOf(error)
    // Starting up, or without a free connection for us: others may well be writing there.
    if (state !== null && !/^(28|3D)/.test(state)) return { status: 'answers' }
    const { code, message } = reportError(error)
    return { status: 'gone', code, message }
  }
}

/**
 * Takes the app back to the SQLite file while PostgreSQL is gone, at once and without what was written there since the file
 * was last brought up to date.
 *
 *   PostgreSQL does not answer ─> fence says "returning", change log armed ─> flip ─> a moment ─> SQLite's fence down
 *
 * The flip alone decides, as on the ordinary way back. What PostgreSQL holds is not lost: as soon as it can be reached it is
 * fenced before anything else (`abandonCopy`), and what stayed behind is counted and listed. A process of the app that still
 * reaches the server learns of the flip before it commits; what it commits in that moment all the same is in PostgreSQL's
 * change log, and so among what stayed behind.
 *
 * @param flip records that the app uses SQLite, with the log that notes from here on; called once
 * @throws AppError STATE_CONFLICT when PostgreSQL answers, or the file is not the fenced one; SOURCE_*
 */
export async function leaveGonePostgres(
  options: EmergencyOptions,
  flip: (log: string | null) => Promise<void>,
  report: Report,
): Promise<void> {
  const presence = await probePostgres(options.targetUrl, options.probeMs)
  if (presence.status === 'answers') throw answers(options.from)
  report({ type: 'log', level: 'warn', message: `PostgreSQL does not answer: ${presence.message}` })
  const onStep = options.onStep ?? (() => undefined)
  const db = openSqlite(options.sourcePath)
  try {
    db.pragma('synchronous = FULL')
    const isFenced = requireFence(db, options.from)
    if (isFenced) restageFence(db, 'returning')
    const log = armConflictLog(db)
    onStep('returning')
    await flip(log)
    onStep('flip-away')
    await new Promise((resolve) => setTimeout(resolve, settleMs))
    if (isFenced) lowerFence(db)
    onStep('lower-away')
    report({ type: 'log', level: 'info', message: 'The app is on SQLite. PostgreSQL is fenced as soon as it can be reached.' })
  } finally {
    db.close()
  }
}

/** A file that anybody could write to is not the one that was left; only a copy that is followed has none. */
function requireFence(db: SqliteDatabase, from: EmergencyOptions['from']): boolean {
  const fence = readFence(db)
  if (from === 'ready-to-switch') return fence !== null
  if (fence?.awake && fence.stage !== 'moving') return true
  throw new AppError({
    code: 'STATE_CONFLICT',
    operation: 'switch to SQLite in an emergency',
    subject: db.name,
    message: 'The SQLite file is not the one that the app left: its fence does not stand.',
    hint: 'Look whether DATABASE_URL names another file or somebody took the fence down. Restore a backup instead.',
  })
}

function answers(from: EmergencyOptions['from']): AppError {
  return new AppError({
    code: 'STATE_CONFLICT',
    operation: 'switch to SQLite in an emergency',
    message: 'PostgreSQL answers.',
    hint:
      from === 'on-postgresql'
        ? 'Switch back the ordinary way: it takes everything along. If the server answers and is of no use, stop it first.'
        : 'Discard the copy instead.',
  })
}
