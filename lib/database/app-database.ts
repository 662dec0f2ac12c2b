import { setTimeout as delay } from 'node:timers/promises'
import { type ActiveState, activeEngine, isWritable, type SealedTarget } from '@/lib/control/active-state'
import { AppError } from '@/lib/core/errors'
import { FENCE_MARK, isFenceError } from '@/lib/sqlite/fence'
import type { AppReader, AppTransaction, Engine, OpenClient } from './app-client'
import { refusalOf } from './check-against-record'
import { openPostgresClient } from './postgres-client'
import { openSqliteClient } from './sqlite-client'

export interface AppDatabaseOptions {
  /** Reads the active state from the control store. Called at most once in `stateLifetimeMs`. */
  readonly readState: () => Promise<ActiveState>
  /** Absolute path of the app's SQLite file; null for an app that never had one. */
  readonly sqlitePath: string | null
  /** The URL sealed in a target. */
  readonly openTarget: (target: SealedTarget) => string | Promise<string>
  /**
   * What of this process's settings contradicts a state: then it writes nothing, since another process, set up otherwise, may be
   * writing elsewhere. Default: nothing ever does.
   */
  readonly contradiction?: (state: ActiveState) => AppError | null
  /** How long a state that was read stays believed, in milliseconds. Default: 20. */
  readonly stateLifetimeMs?: number
  /** How long a write waits for the end of a switch that is under way, in milliseconds. Default: 10,000. */
  readonly freezePatienceMs?: number
}

/**
 * The app's database, whichever is active. A switch is followed within `stateLifetimeMs` and without a
 * restart: new calls go to the new engine, calls under way end on the old one, whose connections are
 * closed after the last of them.
 */
export interface AppDatabase {
  /** Runs queries that change nothing. */
  read<T>(query: (database: AppReader) => Promise<T>): Promise<T>
  /**
   * Runs `change` in one transaction on the active database. When a switch happens under it, the fence
   * refuses it whole; it waits until the switch has ended or was given up, and is run again from its beginning on
   * the engine that is active then: so `change` must do nothing but query.
   *
   * @throws AppError CONFIG_INVALID when this process is set up for another database; APP_READ_ONLY (retryable) while the app is being migrated with the app read-only, at once, and
   *   when a switch has not ended within `freezePatienceMs`; nothing was changed
   */
  write<T>(change: (transaction: AppTransaction) => Promise<T>): Promise<T>
  /** The engine that the next query goes to. */
  engine(): Promise<Engine>
  /** Closes all connections, those of queries under way after these ended. */
  close(): Promise<void>
}

/** Between two looks at a switch that is waited for: short, since it is; longer after a while, for the machine's sake. */
const firstPauseMs = 10
const longestPauseMs = 40

/** Connections that nobody uses are kept so often; one that could not be made is tried again after so long. */
const upkeepMs = 20_000
const preparationPauseMs = 10_000

interface Connection {
  readonly key: string
  readonly opening: Promise<OpenClient>
  /** Calls that use it now. */
  users: number
  retired: boolean
}

/** Opens nothing yet: the first call does. */
export function createAppDatabase(options: AppDatabaseOptions): AppDatabase {
  const lifetimeMs = options.stateLifetimeMs ?? 20
  let known: { readonly state: ActiveState; readonly readAt: number } | undefined
  let reading: Promise<ActiveState> | undefined
  let current: Connection | undefined
  /** To where a switch would lead, once a copy is ready for it. */
  let standby: (Connection & { readonly upkeep: NodeJS.Timeout }) | undefined
  /** When one may be opened again that could not be. */
  let nextPreparation = 0
  /** Resolves when a write may be tried again; shared by all that wait. */
  let thawing: Promise<void> | undefined
  const closings = new Set<Promise<void>>()
  let closed = false

  async function currentState(): Promise<ActiveState> {
    if (known && performance.now() - known.readAt < lifetimeMs) return known.state
    // Simultaneous calls share one reading; its age counts from when it began.
    reading ??= (async () => {
      const readAt = performance.now()
      try {
        const state = await options.readState()
        known = { state, readAt }
        prepareFor(state)
        return state
      } finally {
        reading = undefined
      }
    })()
    return reading
  }

  async function open(state: ActiveState): Promise<OpenClient> {
    if (state.status === 'on-postgresql') return openPostgresClient(await options.openTarget(state.target))
    if (options.sqlitePath !== null) return openSqliteClient(options.sqlitePath)
    throw new AppError({
      code: 'CONFIG_INVALID',
      operation: 'open the app database',
      message: 'The active database is SQLite, but DATABASE_URL does not name a SQLite file.',
      hint: 'Set DATABASE_URL to the SQLite file, for example "file:./dev.db".',
    })
  }

  function connectionFor(state: ActiveState): Connection {
    if (closed) throw new AppError({ code: 'INTERNAL', message: 'The app database was closed.' })
    const key = state.status === 'on-postgresql' ? keyOf(state) : 'sqlite'
    if (current?.key === key) return current
    if (current) retire(current)
    const prepared = standby?.key === key ? standby : undefined
    if (prepared) {
      clearInterval(prepared.upkeep)
      standby = undefined
    }
    const connection: Connection = prepared ?? { key, opening: open(state), users: 0, retired: false }
    current = connection
    // One that failed to open must be tried again by the next call.
    connection.opening.catch(() => {
      if (current === connection) current = undefined
    })
    return connection
  }

  function retire(connection: Connection): void {
    connection.retired = true
    closeWhenUnused(connection)
  }

  function closeWhenUnused(connection: Connection): void {
    if (!connection.retired || connection.users > 0) return
    const closing = connection.opening
      .then((client) => client.close())
      .catch(() => undefined)
      .finally(() => closings.delete(closing))
    closings.add(closing)
  }

  async function use<T>(state: ActiveState, work: (client: OpenClient) => Promise<T>): Promise<T> {
    const connection = connectionFor(state)
    connection.users += 1
    try {
      return await work(await connection.opening)
    } finally {
      connection.users -= 1
      closeWhenUnused(connection)
    }
  }

  async function writeOnce<T>(change: (transaction: AppTransaction) => Promise<T>): Promise<T> {
    const state = await currentState()
    const contradiction = options.contradiction?.(state)
    if (contradiction) throw refusalOf(contradiction)
    if (!isWritable(state)) throw readOnlyError()
    if (state.status !== 'on-postgresql') return use(state, (client) => client.transact(change))
    return use(state, (client) =>
      client.transact(async (transaction) => {
        const result = await change(transaction)
        // After an emergency nothing on the server refuses it yet: the last look before the commit does.
        if ((await currentState()).status !== 'on-postgresql') throw new Error(`${FENCE_MARK}: the app is on SQLite by now`)
        return result
      }),
    )
  }

  /**
   * A state that lets the app write and a fence that does not: a switch is under way, in either direction, and decided in
   * less than a second. The state alone tells how it ended, so it is asked anew before each attempt; by one for all that
   * wait, since each look takes time from the switch.
   */
  function untilThawed(): Promise<void> {
    thawing ??= (async () => {
      try {
        for (let pauseMs = firstPauseMs; !closed; pauseMs = Math.min(pauseMs * 1.5, longestPauseMs)) {
          await delay(pauseMs)
          known = undefined
          const state = await currentState()
          if (!isWritable(state)) return
          if (!(await use(state, (client) => client.isFenced()))) return
        }
      } finally {
        thawing = undefined
      }
    })()
    return thawing
  }

  async function writeAfterFreeze<T>(change: (transaction: AppTransaction) => Promise<T>, refusal: unknown): Promise<T> {
    const deadline = performance.now() + (options.freezePatienceMs ?? 10_000)
    for (let cause = refusal; ; ) {
      const leftMs = deadline - performance.now()
      if (leftMs <= 0 || closed) throw readOnlyError(cause)
      const timer = new AbortController()
      const isOver = await Promise.race([
        untilThawed().then(() => false),
        delay(leftMs, true, { signal: timer.signal, ref: false }).catch(() => true),
      ])
      timer.abort()
      if (isOver) throw readOnlyError(cause)
      try {
        return await writeOnce(change)
      } catch (error) {
        if (!isFenceError(error)) throw error
        cause = error
      }
    }
  }

  /**
   * Opens connections to where the app may go, as soon as a copy is ready: made in the switch or after it, they would be waited for by all that
   * wait for it (seen on a busy machine: two seconds after a freeze of 0.6). Given up when the copy is.
   */
  function prepareFor(state: ActiveState): void {
    const key = state.status === 'ready-to-switch' ? keyOf(state) : null
    if (standby && standby.key !== key && state.status !== 'on-postgresql') leaveStandby()
    if (state.status !== 'ready-to-switch' || standby || closed || performance.now() < nextPreparation) return
    nextPreparation = performance.now() + preparationPauseMs
    const opening = (async () => openPostgresClient(await options.openTarget(state.target)))()
    // Also looks whether the copy is still wanted, when nobody else asks.
    const upkeep = setInterval(() => {
      void currentState().catch(() => undefined)
      void opening.then((client) => client.warmUp()).catch(leaveStandby)
    }, upkeepMs)
    upkeep.unref()
    standby = { key: keyOf(state), opening, users: 0, retired: false, upkeep }
    // Whatever is wrong with it, the first write says it.
    opening.then((client) => client.warmUp()).catch(leaveStandby)
  }

  function leaveStandby(): void {
    if (!standby) return
    clearInterval(standby.upkeep)
    retire(standby)
    standby = undefined
  }

  return {
    read: async (query) =>
      use(await currentState(), async (client) => {
        try {
          return await query(client.reader)
        } catch (error) {
          throw client.explain(error)
        }
      }),
    write: async (change) => {
      try {
        return await writeOnce(change)
      } catch (error) {
        if (!isFenceError(error)) throw error
        return writeAfterFreeze(change, error)
      }
    },
    engine: async () => activeEngine(await currentState()),
    close: async () => {
      closed = true
      leaveStandby()
      if (current) retire(current)
      current = undefined
      await Promise.all(closings)
    },
  }
}

function keyOf({ target }: { readonly target: SealedTarget }): string {
  return `postgresql ${target.sealedUrl}`
}

/** The refusal of a write during a migration; nothing was changed, and the same call will succeed later. */
function readOnlyError(cause?: unknown): AppError {
  return new AppError({
    code: 'APP_READ_ONLY',
    operation: 'write to the app database',
    message: 'The app is read-only while its database is being moved. Nothing was changed.',
    hint: 'Try again in a moment; what you typed is still there.',
    retryable: true,
    ...(cause === undefined ? {} : { cause }),
  })
}
