import { type ChildProcess, fork } from 'node:child_process'
import { randomBytes } from 'node:crypto'
import { once } from 'node:events'
import { copyFile, readdir, rm } from 'node:fs/promises'
import { join } from 'node:path'
import Database from 'better-sqlite3'
import { afterAll, beforeAll, describe, expect, inject, it } from 'vitest'
import { z } from 'zod'
import { type ProgressEvent, progressEventSchema } from '@/lib/core/progress'
import { readMark } from '@/lib/postgres/copy-mark'
import { verifyDatabases } from '@/lib/verification/verify-databases'
import { startOwnServer } from '@/tests/support/own-server'
import { createPostgresDatabase, databaseUrl, withPostgres } from '@/tests/support/postgres-databases'
import { createTemporaryFolder, type TemporaryFolder, type TestSqliteDatabase } from '@/tests/support/sqlite-databases'
import { type MigrateOptions, migrateDatabase } from './migrate-database'
import { type MigrationResult, migrationPhases, migrationResultSchema } from './migration-result'
import { readRecord } from './resume-record'
import { bundleChild } from './testing/bundle-child'
import { createMixedSource } from './testing/mixed-source'
import { type PlainContent, readPostgresPlainly, readSqlitePlainly } from './testing/read-plainly'

/** The whole run is repeatable as far as time is: RESUME_SEED=… npx vitest run lib/migration/resume.test.ts */
const seed = process.env.RESUME_SEED ?? randomBytes(4).toString('hex')
const kills = Number(process.env.RESUME_KILLS ?? 50)
/** Of one migration, which is then left to end. */
const killsOfOne = 12
const never = new AbortController().signal
const random = seeded(seed)
const pick = <T>(items: readonly T[]): T => items[Math.floor(random() * items.length)] as T
const servers = inject('postgresServers')

let folder: TemporaryFolder
let source: TestSqliteDatabase
let expected: PlainContent
let script: string
const children = new Set<ChildProcess>()

beforeAll(async () => {
  console.log(`RESUME_SEED=${seed}`)
  folder = await createTemporaryFolder('resume')
  source = await createMixedSource()
  expected = readSqlitePlainly(source.path)
  script = await bundleChild('migrate-when-told.ts')
})
afterAll(async () => {
  for (const child of children) child.kill('SIGKILL')
  await rm(script, { force: true })
  await source.remove()
  await folder[Symbol.asyncDispose]()
})

describe('a migration whose process is killed', () => {
  it(`goes on where it stood, ${kills} times at any moment, and the content is exact each time`, { timeout: 400_000 }, async () => {
    const killedIn = new Map<string, number>()
    let killed = 0
    let resumed = 0
    let anew = 0
    let migrations = 0
    const spare = [startChild()]
    for (; killed < kills; migrations += 1) {
      await using target = await createPostgresDatabase(servers[migrations % servers.length] ?? expect.fail('no server'))
      const options = await optionsFor(target.url, `killed-${migrations}`, { fenceSource: migrations % 2 === 0 })
      for (let left = killsOfOne; ; ) {
        const child = spare.shift() ?? startChild()
        spare.push(startChild())
        const end = await runUntilKilled(await child, options, killed < kills && left > 0)
        if (end.events.some((event) => isLog(event, 'the migration goes on where it stood'))) resumed += 1
        if (end.events.some((event) => isLog(event, 'begins anew'))) anew += 1
        if (end.result === null) {
          killed += 1
          left -= 1
          killedIn.set(end.phase, (killedIn.get(end.phase) ?? 0) + 1)
          if (!(await hasEnded(options))) continue
          await expectExact(options, null)
          break
        }
        expect(end.result.error).toBeUndefined()
        await expectExact(options, end.result)
        break
      }
    }
    for (const child of spare) (await child).kill('SIGKILL')
    console.log(`${killed} kills in ${migrations} migrations, ${resumed} resumed, ${anew} begun anew; in`, Object.fromEntries(killedIn))
    expect(resumed).toBeGreaterThan(kills / 3)
    // Same source, same options: nothing is a reason to throw away what was copied.
    expect(anew).toBe(0)
  })
})

describe.each([...servers])('on $name, a migration whose connections are cut', (server) => {
  it('waits, goes on from the last committed chunk, and the content is exact', { timeout: 180_000 }, async () => {
    await using target = await createPostgresDatabase(server)
    const options = await optionsFor(target.url, `cut-${server.major}`, { chunkRows: 400 })
    const stop = new AbortController()
    const events: ProgressEvent[] = []
    let cuts = 0
    const running = migrateDatabase(options, (event) => events.push(event), never).finally(() => stop.abort())
    while (!stop.signal.aborted) {
      await wait(20 + random() * 130)
      const name = `bascule ${options.jobId}`
      cuts += await withPostgres(server.url, async (client) => {
        const all = await client.query<{ pid: number }>('SELECT pid FROM pg_stat_activity WHERE application_name = $1', [name])
        const victim = all.rows.length === 0 ? null : pick(all.rows)
        if (!victim || cuts >= 12) return 0
        return (await client.query('SELECT pg_terminate_backend($1)', [victim.pid])).rowCount ?? 0
      })
    }
    const result = await running
    console.log(`${cuts} sessions ended, ${events.filter((event) => isLog(event, 'PostgreSQL is back')).length} times reconnected`)
    expect(result.error).toBeUndefined()
    expect(cuts).toBeGreaterThan(3)
    expect(events.some((event) => isLog(event, 'PostgreSQL is back'))).toBe(true)
    await expectExact(options, result)
  })
})

describe('a migration whose server is restarted', () => {
  it('by immediate shutdowns: waits for it, loses nothing that counted as done, and the content is exact', {
    timeout: 180_000,
  }, async () => {
    const dataDir = join(folder.path, `cluster-${randomBytes(4).toString('hex')}`)
    {
      await using cluster = await startOwnServer(dataDir)
      await withPostgres(cluster.url, (client) => client.query('CREATE DATABASE moved'))
      const options = await optionsFor(databaseUrl(cluster.url, 'moved'), 'restarted', { chunkRows: 700 })
      const wanted = ['copy', 'copy', 'structure', 'counts']
      const events: ProgressEvent[] = []
      let restarting: Promise<void> | undefined
      let restarts = 0
      const restart = async () => {
        restarts += 1
        await wait(random() * 60)
        await cluster.restart()
        restarting = undefined
      }
      const report = (event: ProgressEvent) => {
        events.push(event)
        const phase = event.type === 'phase' && event.status === 'started' ? event.phase : event.type === 'progress' ? event.phase : null
        if (restarting || phase === null || wanted[0] !== phase) return
        wanted.shift()
        restarting = restart()
      }
      const result = await migrateDatabase(options, report, never)
      await restarting
      console.log(
        `${restarts} immediate restarts, ${events.filter((event) => isLog(event, 'PostgreSQL is back')).length} times reconnected`,
      )
      expect(result.error).toBeUndefined()
      expect(restarts).toBeGreaterThanOrEqual(3)
      expect(events.some((event) => event.type === 'phase' && event.status === 'reconnecting')).toBe(true)
      await expectExact(options, result)
    }
    await rm(dataDir, { recursive: true, force: true })
  })
})

describe('an earlier attempt that is not the same migration', () => {
  const [server] = servers
  const changes: readonly (readonly [what: string, reason: string, change: (options: MigrateOptions) => MigrateOptions])[] = [
    ['the chunks are cut in another way', 'chunks of another size', (options) => ({ ...options, chunkRows: 1_234 })],
    [
      'the data model is another',
      'data model was changed',
      (options) => ({ ...options, model: { kind: 'schema', files: [{ path: 'schema.prisma', content: prismaSchema }] } }),
    ],
    [
      'the source was written to',
      'may have been changed',
      (options) => {
        const db = new Database(options.sourcePath)
        db.exec(`INSERT INTO tag VALUES ('written-since', 'new')`)
        db.close()
        return options
      },
    ],
  ]
  it.each(changes)('begins anew when %s, says so, and is exact', async (_what, reason, change) => {
    if (!server) throw new Error('no server')
    await using target = await createPostgresDatabase(server)
    const first = await optionsFor(target.url, `anew-${randomBytes(3).toString('hex')}`, { fenceSource: false })
    const end = await runUntilKilled(await startChild(), first, true, { phase: 'copy', delayMs: 60 })
    expect(end.result).toBeNull()
    const options = change(first)
    const events: ProgressEvent[] = []
    const result = await migrateDatabase(options, (event) => events.push(event), never)
    expect(result.error).toBeUndefined()
    expect(
      events.filter((event) => isLog(event, 'cannot be gone on with')).map((event) => ('message' in event ? event.message : '')),
    ).toEqual([expect.stringContaining(reason)])
    expect(result.rowsResumed).toBe(0)
    await expectExact(options, result, readSqlitePlainly(options.sourcePath))
  })
})

describe('an earlier attempt that another release had cut into other pieces', () => {
  it('is gone on with, its rows copied anew, and the content is exact', async () => {
    const [server] = servers
    if (!server) throw new Error('no server')
    await using target = await createPostgresDatabase(server)
    const options = await optionsFor(target.url, 'other-pieces', { fenceSource: false })
    expect((await runUntilKilled(await startChild(), options, true, { phase: 'copy', delayMs: 60 })).result).toBeNull()
    const stage = await withPostgres(target.url, async (client) => {
      await client.query(
        `INSERT INTO bascule.chunk VALUES ('item', 0, '[]', 5, 5) ON CONFLICT (table_name, chunk) DO UPDATE SET bounds = '[]'`,
      )
      return (await readMark(client))?.stage
    })
    const events: ProgressEvent[] = []
    const result = await migrateDatabase(options, (event) => events.push(event), never)
    expect(result.error).toBeUndefined()
    // As a rule it was killed in mid-copy; a quick machine may have had all of the rows by then, and they stay.
    if (stage === 'schema') expect(events.some((event) => isLog(event, 'cut into other pieces'))).toBe(true)
    await expectExact(options, stage === 'schema' ? result : null)
  })
})

const prismaSchema = `
datasource db {
  provider = "sqlite"
  url      = "file:./x.db"
}
model parent {
  id   Int    @id
  name String @unique
}`

async function optionsFor(targetUrl: string, jobId: string, more: Partial<MigrateOptions>): Promise<MigrateOptions> {
  const sourcePath = join(folder.path, `${jobId}.db`)
  await copyFile(source.path, sourcePath)
  const workDir = join(folder.path, `work-${jobId}`)
  const base = { jobId, sourcePath, targetUrl, workDir, model: { kind: 'introspect' }, setAside: false, dryRun: false } as const
  return { ...base, fenceSource: true, chunkRows: 1_000, reconnectMs: 60_000, ...more }
}

/** Whether the kill came when all was done and only not yet told: there is nothing to go on with then. */
async function hasEnded({ workDir, jobId, targetUrl }: MigrateOptions): Promise<boolean> {
  if ((await readRecord(workDir, jobId)) !== null) return false
  return (await withPostgres(targetUrl, readMark))?.state === 'copied'
}

/** Ours and a plain reading agree, counts too; and of the run nothing but the safety copy is left on disk. */
async function expectExact(options: MigrateOptions, result: MigrationResult | null, content: PlainContent = expected): Promise<void> {
  const found = await readPostgresPlainly(options.targetUrl)
  expect(Object.keys(found).sort()).toEqual(Object.keys(content).sort())
  for (const [table, rows] of Object.entries(content)) expect(found[table], table).toEqual(rows)
  const verified = await verifyDatabases(options, () => undefined, never)
  expect(verified).toMatchObject({ status: 'succeeded' })
  expect(verified.tables.every((table) => table.content === 'identical')).toBe(true)
  const rows = Object.values(content).reduce((sum, table) => sum + table.length, 0)
  if (result) expect(result.rowsCopied).toBe(rows)
  const { jobId } = options
  expect(await readdir(options.workDir)).toEqual([`safety-copy-${jobId}.db`])
  const countLeft = () =>
    withPostgres(options.targetUrl, async (client) => {
      const left = await client.query('SELECT 1 FROM pg_stat_activity WHERE application_name = $1', [`bascule ${jobId}`])
      return left.rowCount
    })
  // The server takes a moment to notice that a killed process is gone; who told its result has left nothing behind.
  if (result) expect(await countLeft()).toBe(0)
  else await expect.poll(countLeft, { timeout: 10_000 }).toBe(0)
  await rm(options.workDir, { recursive: true })
  await rm(options.sourcePath)
}

const message = z.union([
  z.object({ ready: z.literal(true) }),
  z.object({ event: progressEventSchema }),
  z.object({ result: migrationResultSchema }),
])

async function startChild(): Promise<ChildProcess> {
  const child = fork(script, [], { execArgv: [], stdio: ['ignore', 'ignore', 'inherit', 'ipc'] })
  children.add(child)
  child.once('exit', () => children.delete(child))
  await once(child, 'message')
  return child
}

interface End {
  readonly events: readonly ProgressEvent[]
  /** Null when it was killed. */
  readonly result: MigrationResult | null
  /** The last one that had begun. */
  readonly phase: string
}

/** Lets the child migrate and kills it: a random while after a random phase has begun. It may have ended by then. */
async function runUntilKilled(
  child: ChildProcess,
  options: MigrateOptions,
  isToBeKilled: boolean,
  moment = { phase: pick([...migrationPhases, 'copy', 'copy', 'copy', 'structure']) as string, delayMs: random() * 150 },
): Promise<End> {
  const events: ProgressEvent[] = []
  let result: MigrationResult | null = null
  let phase = 'start'
  child.on('message', (text) => {
    const told = message.parse(text)
    if ('result' in told) result = told.result
    if (!('event' in told)) return
    events.push(told.event)
    if (told.event.type !== 'phase' || told.event.status !== 'started') return
    phase = told.event.phase
    if (isToBeKilled && phase === moment.phase) setTimeout(() => child.kill('SIGKILL'), moment.delayMs)
  })
  const exited = once(child, 'exit')
  child.send(options)
  await exited
  return { events, result, phase }
}

function isLog(event: ProgressEvent, text: string): boolean {
  return event.type === 'log' && event.message.includes(text)
}

function wait(ms: number): Promise<void> {
  return new Promise((resolve) => setTimeout(resolve, ms))
}

/** Numbers from 0 to 1 that a text decides (mulberry32). */
function seeded(text: string): () => number {
  let state = [...text].reduce((sum, letter) => (Math.imul(sum, 31) + letter.charCodeAt(0)) | 0, 7)
  return () => {
    state = (state + 0x6d2b79f5) | 0
    let mixed = Math.imul(state ^ (state >>> 15), 1 | state)
    mixed = (mixed + Math.imul(mixed ^ (mixed >>> 7), 61 | mixed)) ^ mixed
    return ((mixed ^ (mixed >>> 14)) >>> 0) / 4_294_967_296
  }
}
