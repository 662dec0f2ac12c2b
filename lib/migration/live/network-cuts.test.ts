import { setTimeout as delay } from 'node:timers/promises'
import Database from 'better-sqlite3'
import { afterAll, beforeAll, describe, expect, inject, it } from 'vitest'
import { reportError } from '@/lib/core/errors'
import type { ProgressEvent } from '@/lib/core/progress'
import { createPostgresDatabase, withPostgres } from '@/tests/support/postgres-databases'
import { createSqliteDatabase } from '@/tests/support/sqlite-databases'
import { migrateDatabase } from '../migrate-database'
import { rollBack } from '../roll-back'
import { createSwitchedPair, type SwitchedPair } from '../testing/switched-pair'
import { createTcpProxy, type TcpProxy } from '../testing/tcp-proxy'
import { cutOverLive } from './cut-over-live'
import { followSource } from './follow-source'

const never = new AbortController().signal
const quiet = () => undefined

/**
 * For how long the network drops everything, in seconds; 0: it is cut and there again at once. More than the suite has time for:
 * `BASCULE_CUT_SECONDS=1,10,60 npx vitest run lib/migration/live/network-cuts.test.ts`
 */
const durations = (process.env.BASCULE_CUT_SECONDS ?? '0').split(',').map(Number)
const timeout = 120_000 + Math.max(...durations) * 3_000

/** The network is gone from this moment on, for so long. */
async function goAway(proxy: TcpProxy, seconds: number): Promise<void> {
  if (seconds === 0) return proxy.cut()
  proxy.drop()
  await delay(seconds * 1_000)
  proxy.pass()
}

describe.each(durations)('the network to PostgreSQL, gone for %d seconds', (seconds) => {
  let pair: SwitchedPair
  let proxy: TcpProxy

  beforeAll(async () => {
    pair = await createSwitchedPair(inject('embeddedPostgresUrl'))
    proxy = await createTcpProxy(pair.target.url)
  }, 120_000)

  afterAll(async () => {
    await proxy?.[Symbol.asyncDispose]()
    await pair?.[Symbol.asyncDispose]()
  })

  /** A switch with a limit as people have it, through the network that goes away; then what a worker does that finds it failed. */
  async function switchThrough(direction: 'over' | 'back', arrange: (cut: () => void) => (step: string) => void): Promise<string> {
    let away: Promise<void> | undefined
    const onStep = arrange(() => {
      away ??= goAway(proxy, seconds)
    })
    const options = { ...pair.options, targetUrl: proxy.url, freezeLimitMs: 800, onStep }
    const started = performance.now()
    const ended = await (direction === 'over' ? cutOverLive : rollBack)(options, pair.flip(direction), quiet, never).then(
      () => 'made',
      (error: unknown) => reportError(error).code,
    )
    const waited = performance.now() - started
    expect(away, 'the network was never cut').toBeDefined()
    // Whatever the moment, it is said what was wrong; STATE_CONFLICT: too slow within the limit, however often it was tried.
    expect(['made', 'TARGET_CONNECTION_LOST', 'TARGET_UNREACHABLE', 'STATE_CONFLICT']).toContain(ended)
    await away
    const engine = await pair.recover()
    await pair.writeOn(engine)
    return `${ended} after ${Math.round(waited)} ms, then on ${engine}`
  }

  it('while the copy follows: it goes on by itself, and has what was written meanwhile', { timeout }, async () => {
    await pair.bringTo('sqlite')
    const options = { ...pair.options, targetUrl: proxy.url }
    const stop = new AbortController()
    let looks = 0
    const mayGoOn = async () => {
      looks += 1
      return true
    }
    const following = (async () => {
      while (!stop.signal.aborted) {
        await followSource(options, { mayGoOn, onLag: quiet }, stop.signal).catch(() => delay(100))
      }
    })()
    await expect.poll(() => looks, { timeout: 60_000 }).toBeGreaterThan(2)
    const away = goAway(proxy, seconds)
    await pair.writeOn('sqlite')
    await away
    const arrived = () =>
      withPostgres(pair.target.url, async (client) => (await client.query(`SELECT count(*)::int AS n FROM author`)).rows[0].n as number)
    const db = new Database(pair.source.path, { readonly: true })
    const wanted = db.prepare('SELECT count(*) FROM author').pluck().get()
    db.close()
    await expect.poll(arrived, { timeout: 150_000, interval: 100 }).toBe(wanted)
    stop.abort()
    await following
  })

  // In the order that needs the fewest copies made anew: each begins where the one before it is likely to have left the app.
  it.each([
    ['over', 'wake'],
    ['over', 'drain'],
    ['over', 'the commit of the record'],
    ['back', 'fence'],
    ['back', 'ended'],
    ['back', 'a round'],
    ['back', 'carry'],
    ['over', 'record'],
    ['back', 'returning'],
    ['over', 'moved'],
    ['back', 'flip-back'],
  ] as const)('on the way %s, from "%s" on: one side takes writes, and has them all', { timeout }, async (direction, at) => {
    await pair.bringTo(direction === 'over' ? 'sqlite' : 'postgresql')
    if (at === 'a round') await withPostgres(pair.target.url, (client) => client.query(`UPDATE author SET name = 'carried' WHERE id = 1`))
    const how = await switchThrough(direction, (cut) => {
      if (at === 'a round') proxy.onceSent('DECLARE bascule_carried', cut)
      return (step) => {
        if (step === at) cut()
        if (step === 'drain' && at === 'the commit of the record') {
          proxy.onceSent('SET LOCAL synchronous_commit = on', () => proxy.onceSent('COMMIT', cut))
        }
      }
    })
    console.info(`${seconds} s from ${at} on, on the way ${direction}: ${how}`)
    await pair.expectAllRows()
  })

  it.each(['copy', 'structure', 'catch-up', 'prove'])(
    'in "%s" of a live migration: it waits, goes on, and the copy is proved',
    { timeout },
    async (phase) => {
      await using source = await createSqliteDatabase(`PRAGMA journal_mode = WAL; CREATE TABLE t (id INTEGER PRIMARY KEY, v TEXT UNIQUE);
      WITH RECURSIVE n (i) AS (SELECT 1 UNION ALL SELECT i + 1 FROM n WHERE i < 3000) INSERT INTO t SELECT i, 'v' || i FROM n`)
      await using target = await createPostgresDatabase({ url: inject('embeddedPostgresUrl') })
      await using way = await createTcpProxy(target.url)
      let away: Promise<void> | undefined
      const report = (event: ProgressEvent) => {
        if (event.type === 'phase' && event.phase === phase && event.status === 'started') away ??= goAway(way, seconds)
      }
      const options = {
        jobId: 'cut',
        sourcePath: source.path,
        targetUrl: way.url,
        workDir: source.folder,
        model: { kind: 'introspect' as const },
      }
      const result = await migrateDatabase({ ...options, fenceSource: false, live: true, setAside: false, dryRun: false }, report, never)
      await away
      expect(result.error).toBeUndefined()
      expect(away).toBeDefined()
      expect(result.tables.map(({ content }) => content)).toEqual(['identical'])
    },
  )
})
