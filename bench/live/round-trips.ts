import { type ChildProcess, fork } from 'node:child_process'
import { once } from 'node:events'
import { join } from 'node:path'
import Database from 'better-sqlite3'
import { z } from 'zod'
import { initialiseActiveDatabase, readActiveDatabase, transitionActiveDatabase } from '@/lib/control/active-database'
import type { ActiveState } from '@/lib/control/active-state'
import { type ControlStore, openControlStore } from '@/lib/control/control-store'
import type { Report } from '@/lib/core/progress'
import { ensureSchema } from '@/lib/database/ensure-schema'
import { sealTarget } from '@/lib/jobs/sealed-target'
import { cutOverLive } from '@/lib/migration/live/cut-over-live'
import { migrateDatabase } from '@/lib/migration/migrate-database'
import { rollBack } from '@/lib/migration/roll-back'
import { type ExpectedUser, followedFlipSchema, type WriterOptions, type WriterResult, writerResultSchema } from './writer-protocol'

export interface RoundTripOptions {
  /** An empty folder for the SQLite file and the control store. */
  readonly folder: string
  /** Makes an empty PostgreSQL database for each round, and answers its URL. */
  readonly createTarget: () => Promise<string>
  /** Rows that the database has before anybody writes. */
  readonly rows: number
  readonly processes: number
  /** Writes a second, of all processes together. */
  readonly perSecond: number
  /** How often the app goes to PostgreSQL and back. */
  readonly rounds: number
  /** Writes that are waited for between two steps. */
  readonly writesBetween: number
  readonly say: (line: string) => void
}

export interface RoundTripResult {
  readonly acknowledged: number
  readonly refused: number
  /** What is not as it was acknowledged: none, unless something is wrong. */
  readonly faults: readonly string[]
  /** Milliseconds. */
  readonly freezes: readonly { readonly overMs: number; readonly backMs: number }[]
  readonly longestWaitMs: number
  readonly p50Ms: number
  readonly p99Ms: number
  /** Of writes that began within two seconds before the end of a switch. */
  readonly p99DuringSwitchMs: number
  /** The longest wait of a write that was under way when the app was switched, of each switch in turn: over, back, over … */
  readonly longestAtSwitchMs: readonly number[]
  /** From each flip until each process used the other engine: of all of them, in ascending order. */
  readonly followedMs: readonly number[]
}

const root = join(import.meta.dirname, '../..')
/** When the state was changed to the other engine, in turn. */
const flips: number[] = []
const secret = 'a secret of at least thirty-two characters'

/**
 * Moves an app that is written to by several processes to PostgreSQL and back, as often as asked, and then counts: every
 * write that was acknowledged is there exactly once, and none that was refused.
 */
export async function runRoundTrips(options: RoundTripOptions): Promise<RoundTripResult> {
  const { folder, rounds, say } = options
  const sqlitePath = join(folder, 'app.db')
  await ensureSchema({ engine: 'sqlite', path: sqlitePath }, root)
  fillSource(sqlitePath, options.rows)
  const controlPath = join(folder, 'control.db')
  const control = await openControlStore(controlPath)
  const load = startWriters(options, { controlPath, sqlitePath })
  try {
    await initialiseActiveDatabase(control, { status: 'on-sqlite' }, 'bench')
    await load.untilWritten(options.writesBetween)
    const freezes: { overMs: number; backMs: number }[] = []
    const switches: number[] = []
    flips.length = 0
    for (let round = 1; round <= rounds; round += 1) {
      // People do not press the button in the very moment: the app goes on, and is followed, for a while.
      const followed = () => load.untilWritten(options.writesBetween)
      const { freezeMs: overMs, targetUrl } = await goOver(options, control, sqlitePath, round, followed)
      switches.push(Date.now())
      await load.untilWritten(options.writesBetween)
      const backMs = await goBack(control, sqlitePath, targetUrl, say)
      switches.push(Date.now())
      await load.untilWritten(options.writesBetween)
      freezes.push({ overMs, backMs })
      say(`round ${round}: frozen for ${Math.round(overMs)} ms to PostgreSQL and ${Math.round(backMs)} ms back`)
    }
    const results = await load.stop()
    const followedMs = load
      .followed()
      .flatMap((moments) => moments.map((at, index) => Math.max(0, at - (flips[index] ?? at))))
      .sort((a, b) => a - b)
    return { ...summarise(sqlitePath, results, freezes, switches), followedMs }
  } finally {
    load.end()
    await control.close()
  }
}

async function goOver(
  options: RoundTripOptions,
  control: ControlStore,
  sqlitePath: string,
  round: number,
  followed: () => Promise<void>,
): Promise<{ freezeMs: number; targetUrl: string }> {
  const { folder, say } = options
  const never = new AbortController().signal
  const targetUrl = await options.createTarget()
  const jobId = `round-${round}`
  const known = { jobId, target: sealTarget(targetUrl, true, secret), since: new Date().toISOString(), mode: 'live' } as const
  await changeState(control, { status: 'migrating', ...known })
  const started = performance.now()
  const copy = {
    jobId,
    sourcePath: sqlitePath,
    targetUrl,
    workDir: folder,
    model: { kind: 'history', folder: join(root, 'prisma/postgresql/migrations') } as const,
    fenceSource: false,
    live: true,
    setAside: false,
    dryRun: false,
  }
  const result = await migrateDatabase(copy, () => undefined, never)
  if (result.error) throw new Error(`${result.error.code}: ${result.error.message}`)
  say(`round ${round}: ${result.rowsCopied} rows copied and proved in ${Math.round(performance.now() - started)} ms, the app writing`)
  await changeState(control, { status: 'ready-to-switch', ...known })
  await followed()
  const { mode: _, ...rest } = known
  const flip = () => noting(changeState(control, { ...rest, status: 'on-postgresql', since: new Date().toISOString() }))
  const { freezeMs } = await cutOverLive({ sourcePath: sqlitePath, targetUrl, jobId }, flip, saying(say), never)
  return { freezeMs, targetUrl }
}

async function goBack(control: ControlStore, sqlitePath: string, targetUrl: string, say: (line: string) => void): Promise<number> {
  const flip = () => noting(changeState(control, { status: 'on-sqlite' }))
  return (await rollBack({ sourcePath: sqlitePath, targetUrl }, flip, saying(say), new AbortController().signal)).freezeMs
}

async function noting(flip: Promise<void>): Promise<void> {
  await flip
  flips.push(Date.now())
}

/** What matters of a switch to whoever waits for it. */
function saying(say: (line: string) => void): Report {
  return (event) => {
    if (event.type === 'log') say(`  ${event.message}`)
  }
}

async function changeState(control: ControlStore, to: ActiveState): Promise<void> {
  const { version } = await readActiveDatabase(control)
  await transitionActiveDatabase(control, { from: version, to, actor: 'bench' })
}

/** Users that nobody writes to, with events: most rows of a real database lie still. */
function fillSource(path: string, rows: number): void {
  const db = new Database(path)
  try {
    db.pragma('journal_mode = WAL')
    db.prepare(
      `WITH RECURSIVE n (i) AS (SELECT 1 UNION ALL SELECT i + 1 FROM n WHERE i < ?)
       INSERT INTO TelemetryEvent (sessionId, type, totalBytes, timestamp)
       SELECT 'before ' || (i % 977), 'page', i, strftime('%Y-%m-%dT%H:%M:%S.000+00:00', 1700000000 + i, 'unixepoch') FROM n`,
    ).run(rows)
  } finally {
    db.close()
  }
}

interface Load {
  /** Waits until so many more writes were acknowledged by each process. */
  untilWritten(writes: number): Promise<void>
  stop(): Promise<readonly WriterResult[]>
  /** When each process began to use the other engine, by process and switch. */
  followed(): readonly (readonly number[])[]
  /** Ends what still runs. */
  end(): void
}

function startWriters(options: RoundTripOptions, paths: Pick<WriterOptions, 'controlPath' | 'sqlitePath'>): Load {
  const writers = Array.from({ length: options.processes }, (_, index) => {
    const writer: WriterOptions = { ...paths, name: `writer${index}`, secret, perSecond: options.perSecond / options.processes }
    const child = fork(join(import.meta.dirname, 'writer.ts'), [JSON.stringify(writer)], {
      cwd: root,
      execArgv: ['--import', 'tsx'],
      stdio: ['ignore', 'ignore', 'inherit', 'ipc'],
    })
    const state = { child, written: 0, followed: [] as number[], result: undefined as WriterResult | undefined }
    child.on('message', (message) => {
      const flip = followedFlipSchema.safeParse(message)
      if (message === 'written') state.written += 1
      else if (flip.success) state.followed.push(flip.data.at)
      else state.result = writerResultSchema.parse(message)
    })
    return state
  })
  const isAlive = (child: ChildProcess) => child.exitCode === null && child.signalCode === null
  return {
    async untilWritten(writes) {
      const wanted = writers.map(({ written }) => written + writes)
      while (writers.some(({ written }, index) => written < (wanted[index] ?? 0))) {
        if (!writers.every(({ child }) => isAlive(child))) throw new Error('A writing process has ended by itself.')
        await new Promise((resolve) => setTimeout(resolve, 20))
      }
    },
    async stop() {
      return Promise.all(
        writers.map(async (writer) => {
          const exited = once(writer.child, 'exit')
          writer.child.send('stop')
          await exited
          if (!writer.result) throw new Error('A writing process ended without an answer.')
          return writer.result
        }),
      )
    },
    followed: () => writers.map(({ followed }) => followed),
    end: () => {
      for (const { child } of writers) if (isAlive(child)) child.kill('SIGKILL')
    },
  }
}

function summarise(
  sqlitePath: string,
  results: readonly WriterResult[],
  freezes: RoundTripResult['freezes'],
  switches: readonly number[],
): Omit<RoundTripResult, 'followedMs'> {
  const waits = results.flatMap((result) => result.waits)
  const sorted = waits.map(([, ms]) => ms).sort((a, b) => a - b)
  const during = waits
    .filter(([at]) => switches.some((end) => at > end - 2_000 && at < end))
    .map(([, ms]) => ms)
    .sort((a, b) => a - b)
  const quantile = (values: readonly number[], share: number) => values[Math.min(values.length - 1, Math.floor(values.length * share))] ?? 0
  return {
    acknowledged: waits.length,
    refused: results.reduce((sum, { refused }) => sum + refused, 0),
    faults: [...results.flatMap(({ unexpected }) => unexpected), ...findFaults(sqlitePath, results)],
    freezes,
    longestWaitMs: sorted.at(-1) ?? 0,
    p50Ms: quantile(sorted, 0.5),
    p99Ms: quantile(sorted, 0.99),
    p99DuringSwitchMs: quantile(during, 0.99),
    longestAtSwitchMs: switches.map((end) => Math.max(0, ...waits.filter(([at, ms]) => at < end && at + ms > end).map(([, ms]) => ms))),
  }
}

const userRow = z.object({
  id: z.string(),
  email: z.string(),
  name: z.string(),
  balance: z.number(),
  credits: z.number(),
  balances: z.number(),
})

function findFaults(path: string, results: readonly WriterResult[]): readonly string[] {
  const db = new Database(path, { readonly: true })
  try {
    const users = z.array(userRow).parse(
      db
        .prepare(
          `SELECT u.id, u.email, u.name, b.balance, (SELECT count(*) FROM CreditTransaction c WHERE c.userId = u.id) AS credits,
             (SELECT count(*) FROM CreditBalance WHERE userId = u.id) AS balances
           FROM User u JOIN CreditBalance b ON b.userId = u.id WHERE u.email LIKE '%@load.test'`,
        )
        .all(),
    )
    const found = new Map(users.map((user) => [user.email, user]))
    const expected = new Map(results.flatMap((result) => result.users).map((user) => [user.email, user]))
    const events = db.prepare(`SELECT count(*) FROM TelemetryEvent WHERE type = 'load'`).pluck().get()
    const acknowledged = results.reduce((sum, result) => sum + result.events, 0)
    return [
      ...[...expected.values()].flatMap((user) => faultOf(user, found.get(user.email))),
      ...[...found.keys()]
        .filter((email) => !expected.has(email))
        .map((email) => `${email} is there, and was never acknowledged or was deleted`),
      ...(events === acknowledged ? [] : [`${String(events)} events instead of ${acknowledged}`]),
      ...z
        .array(z.object({ table: z.string() }))
        .parse(db.pragma('foreign_key_check'))
        .map(({ table }) => `an orphan in ${table}`),
    ]
  } finally {
    db.close()
  }
}

function faultOf(user: ExpectedUser, found: z.infer<typeof userRow> | undefined): readonly string[] {
  if (!found) return [`${user.email} was acknowledged and is not there`]
  const isSame = found.id === user.id && found.name === user.name && found.balance === user.balance && found.credits === user.balance
  return isSame && found.balances === 1 ? [] : [`${user.email} is not as it was acknowledged: ${JSON.stringify({ user, found })}`]
}
