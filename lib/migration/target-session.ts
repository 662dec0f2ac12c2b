import type pg from 'pg'
import { throwIfAborted } from '@/lib/core/abort'
import { AppError } from '@/lib/core/errors'
import { pause } from '@/lib/core/pause'
import { connectPostgres, destroy, toPostgresError } from '@/lib/postgres/connect'
import { endSessions, lockTarget } from '@/lib/postgres/target-lock'
import { type TargetUrl, targetLabel } from '@/lib/postgres/target-url'

export interface SessionOptions {
  readonly target: TargetUrl
  /** Of all sessions of this job; after a cut those that are left of it are ended by it. */
  readonly applicationName: string
  /** How long PostgreSQL may be away, or come and go without anything being done in between. Default: 120,000. */
  readonly reconnectMs?: number
  /** Whether the first connection is waited for too. Default: false, so that a wrong URL is said at once. */
  readonly isPatient?: boolean
  /** Whether nobody else can be at work on this job: sessions left of it are then ended before the lock is asked for. */
  readonly isSoleOwner: boolean
}

export interface SessionEvents {
  /** The connection was cut; attempts to reconnect begin. */
  readonly onLost: (reason: AppError, limitMs: number) => void
  readonly onBack: (awayMs: number) => void
}

/** The connection that holds the target's lock, and its successors when it is cut. */
export interface TargetSession {
  readonly client: pg.Client
  /** Rises with each reconnect: connections made before are dead or must be taken for it. */
  readonly epoch: number
  /** Fires when the present connection ends, also while nothing runs on it. */
  readonly lost: AbortSignal
  /** Whether PostgreSQL is being waited for. */
  readonly isAway: boolean
  /**
   * Runs `use`, and runs it again on a new connection when PostgreSQL went away meanwhile: so `use` must find out by itself
   * what is done already.
   *
   * @throws AppError what `use` threw when it was anything else; TARGET_CONNECTION_LOST or TARGET_UNREACHABLE once
   *   `reconnectMs` have passed without progress; CANCELLED
   */
  persist<T>(use: (client: pg.Client) => Promise<T>): Promise<T>
  /** Something was done for good: the time that PostgreSQL may be away is counted from now. */
  progressed(): void
  close(): Promise<void>
}

const firstPauseMs = 100
const longestPauseMs = 3_000

/**
 * Connects and takes the target's lock.
 *
 * @throws AppError TARGET_*, LEASE_HELD, CANCELLED
 */
export async function openTargetSession(options: SessionOptions, events: SessionEvents, signal: AbortSignal): Promise<TargetSession> {
  const limitMs = options.reconnectMs ?? 120_000
  let progressAt = performance.now()
  let epoch = 0
  let isAway = false
  let hasAnswered = false
  let connection: Connection | undefined

  const connect = async (isOurs: boolean): Promise<Connection> => {
    const client = await connectPostgres(options.target, { applicationName: options.applicationName, signal })
    hasAnswered = true
    try {
      if (isOurs) await endSessions(client, options.applicationName)
      await lockTarget(client)
      // Of a process that was killed: the server goes on with what it was asked for.
      if (!isOurs) await endSessions(client, options.applicationName)
      return watch(client)
    } catch (error) {
      destroy(client)
      throw toPostgresError(error, targetLabel(options.target))
    }
  }
  const reconnect = async (reason: AppError): Promise<Connection> => {
    const since = performance.now()
    isAway = true
    events.onLost(reason, limitMs)
    await connection?.close()
    for (let pauseMs = firstPauseMs; ; pauseMs = Math.min(pauseMs * 2, longestPauseMs)) {
      if (performance.now() - progressAt >= limitMs) throw gaveUp(reason, limitMs)
      await pause(pauseMs, signal)
      throwIfAborted(signal)
      try {
        const next = await connect(true)
        isAway = false
        epoch += 1
        events.onBack(performance.now() - since)
        return next
      } catch (error) {
        throwIfAborted(signal)
        if (!isPassing(error)) throw error
        reason = error
      }
    }
  }
  try {
    connection = await connect(options.isSoleOwner)
  } catch (error) {
    throwIfAborted(signal)
    // A server that was there is waited for, also when it was cut off before the lock was had.
    if (!(options.isPatient || hasAnswered) || !isPassing(error)) throw error
    connection = await reconnect(error)
  }
  const present = () => connection ?? notConnected()
  return {
    get client() {
      return present().client
    },
    get epoch() {
      return epoch
    },
    get lost() {
      return present().lost
    },
    get isAway() {
      return isAway
    },
    progressed: () => {
      progressAt = performance.now()
    },
    async persist(use) {
      // A cut that was not noticed until now counts from now.
      progressAt = performance.now()
      for (;;) {
        try {
          throwIfAborted(signal)
          return await use(present().client)
        } catch (error) {
          throwIfAborted(signal)
          const reason = toPostgresError(error, targetLabel(options.target))
          if (!isPassing(reason)) throw error
          connection = await reconnect(reason)
        }
      }
    },
    async close() {
      await connection?.close()
    },
  }
}

/** Whether an error says that PostgreSQL is away and may come back by itself. */
export function isPassing(error: unknown): error is AppError {
  return error instanceof AppError && error.retryable && (error.code === 'TARGET_CONNECTION_LOST' || error.code === 'TARGET_UNREACHABLE')
}

interface Connection {
  readonly client: pg.Client
  readonly lost: AbortSignal
  close(): Promise<void>
}

function watch(client: pg.Client): Connection {
  const lost = new AbortController()
  const cut = () =>
    lost.abort(new AppError({ code: 'TARGET_CONNECTION_LOST', message: 'The connection to PostgreSQL was cut.', retryable: true }))
  client.once('end', cut)
  client.once('error', cut)
  const close = async () => {
    if (lost.signal.aborted) destroy(client)
    else await client.end().catch(() => undefined)
  }
  return { client, lost: lost.signal, close }
}

function gaveUp(reason: AppError, limitMs: number): AppError {
  return new AppError({
    code: reason.code,
    operation: 'wait for PostgreSQL',
    ...(reason.subject === undefined ? {} : { subject: reason.subject }),
    message: `PostgreSQL did not come back within ${Math.round(limitMs / 1000)} seconds: ${reason.message}`,
    hint: 'The app goes on with SQLite. When the server is up and the network steady, start again.',
    cause: reason,
  })
}

function notConnected(): never {
  throw new AppError({ code: 'INTERNAL', message: 'The target was not connected.' })
}
