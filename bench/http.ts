/**
 * npm run bench -- --http [--users N] [--processes N] [--people N] [--per-second N] [--rounds N] [--webs N] [--no-kills] [--json]
 *
 * The production build (npm run build; another folder by NEXT_DIST_DIR) under people who write through its own HTTP routes, while
 * it is moved to PostgreSQL and back and its worker and web processes are killed; then every acknowledged write is counted.
 * Exit status: 0 each is there exactly once, and nothing that was refused; 1 otherwise.
 */
import { type ChildProcess, fork } from 'node:child_process'
import { once } from 'node:events'
import { mkdtemp, rm } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { setTimeout as delay } from 'node:timers/promises'
import { parseArgs } from 'node:util'
import { demoAccounts } from '@/lib/cvsite/demo-data/people'
import { createDatabase } from '@/scripts/demo/postgres-database'
import { startEmbeddedPostgres } from '@/scripts/embedded-postgres'
import { type AppUnderLoad, startAppUnderLoad } from './http/app-under-load'
import { type ClientOptions, type ClientResult, clientResultSchema } from './http/client-protocol'
import { findFaultsOfLedger, findFaultsOfList } from './http/count-writes'
import { startOperator } from './http/operator'
import { signIn } from './http/session'

const { values } = parseArgs({
  options: {
    http: { type: 'boolean' },
    users: { type: 'string', default: '2000' },
    processes: { type: 'string', default: '3' },
    people: { type: 'string', default: '8' },
    'per-second': { type: 'string', default: '200' },
    rounds: { type: 'string', default: '2' },
    webs: { type: 'string', default: '1' },
    'no-kills': { type: 'boolean', default: false },
    json: { type: 'boolean', default: false },
  },
})
const root = join(import.meta.dirname, '..')
const processes = Number(values.processes)
const perSecond = Number(values['per-second'])
const kills = !values['no-kills']
const started = performance.now()
const say = (line: string) => console.error(`${((performance.now() - started) / 1000).toFixed(1).padStart(7)} s  ${line}`)
const folder = await mkdtemp(join(tmpdir(), 'bascule-http-'))
const cluster = await startEmbeddedPostgres({ dataDir: join(folder, 'postgres'), persistent: false, durable: true })
let app: AppUnderLoad | undefined
const clients: Client[] = []
let isWell = false

interface Client {
  readonly child: ChildProcess
  written: number
  result: ClientResult | undefined
}

try {
  const people = Array.from({ length: processes }, (_, index) =>
    Array.from({ length: Number(values.people) }, (__, lane) => `load-${index}-${lane}@cvsite.test`),
  )
  app = await startAppUnderLoad({ root, folder, users: Number(values.users), writers: people.flat(), webs: Number(values.webs) })
  say(`the app answers at ${app.urls.join(' and ')}`)
  const operator = await startOperator(app, say)
  for (const [index, emails] of people.entries()) clients.push(startClient(app, `client${index}`, emails))
  await untilWritten(perSecond)
  const switches: number[] = []
  for (let round = 1; round <= Number(values.rounds); round += 1) {
    const targetUrl = await createDatabase(cluster.url, `http_${round}`)
    const begun = performance.now()
    await operator.migrate(targetUrl)
    if (kills) await killLater(1_000 + Math.random() * 6_000, () => app?.killWorker(), 'worker, while it copies')
    await operator.untilAt('ready-to-switch', () => operator.migrate(targetUrl))
    say(`round ${round}: copied and proved in ${((performance.now() - begun) / 1000).toFixed(1)} s, people writing`)
    if (kills) await killLater(0, () => app?.killWeb(round % (app?.urls.length ?? 1)), 'web, while the copy follows')
    await app.untilUp()
    await operator.cutOver()
    if (kills) await killLater(Math.random() * 2_500, () => app?.killWorker(), 'worker, in the switch')
    await operator.untilAt('on-postgresql', operator.cutOver)
    switches.push(Date.now())
    say(`round ${round}: on PostgreSQL`)
    if (kills) await killLater(500, () => app?.killWeb(0), 'web, on PostgreSQL')
    await app.untilUp()
    await untilWritten(perSecond * 2)
    await operator.rollBack()
    if (kills) await killLater(Math.random() * 4_000, () => app?.killWorker(), 'worker, on the way back')
    await operator.untilAt('on-sqlite', operator.rollBack)
    switches.push(Date.now())
    say(`round ${round}: back on SQLite`)
    await untilWritten(perSecond * 2)
  }
  const results = await stopClients()
  await operator.untilAt('on-sqlite', async () => undefined)
  const faults = await count(app, results)
  report(results, faults, switches)
  isWell = faults.length === 0
} finally {
  for (const { child } of clients) if (child.exitCode === null && child.signalCode === null) child.kill('SIGKILL')
  await app?.stop()
  await cluster.stop()
  if (isWell) await rm(folder, { recursive: true, force: true })
  else say(`kept for a look: ${folder}`)
}
process.exitCode = isWell ? 0 : 1

async function killLater(afterMs: number, kill: () => boolean | undefined, what: string): Promise<void> {
  await delay(afterMs)
  say(`  ${kill() ? 'killed' : 'nothing to kill'}: ${what}`)
}

function startClient({ urls, origin }: AppUnderLoad, name: string, emails: readonly string[]): Client {
  const { password } = demoAccounts.user
  const options: ClientOptions = {
    name,
    urls: [...urls],
    origin,
    people: emails.map((email) => ({ email, password })),
    perSecond: perSecond / processes,
  }
  const child = fork(join(root, 'bench/http/client.ts'), [JSON.stringify(options)], {
    cwd: root,
    execArgv: ['--import', 'tsx'],
    stdio: ['ignore', 'ignore', 'inherit', 'ipc'],
  })
  const client: Client = { child, written: 0, result: undefined }
  child.on('message', (message) => {
    if (message === 'written') client.written += 1
    else client.result = clientResultSchema.parse(message)
  })
  return client
}

/** Waits until so many more writes were acknowledged, of all processes together. */
async function untilWritten(writes: number): Promise<void> {
  const sum = () => clients.reduce((all, { written }) => all + written, 0)
  const wanted = sum() + writes
  const deadline = Date.now() + 300_000
  while (sum() < wanted) {
    if (clients.some(({ child }) => child.exitCode !== null)) throw new Error('A client process has ended by itself.')
    if (Date.now() > deadline) throw new Error('Nobody can write any more.')
    await delay(20)
  }
}

async function stopClients(): Promise<readonly ClientResult[]> {
  return Promise.all(
    clients.map(async (client) => {
      const exited = once(client.child, 'exit')
      client.child.send('stop')
      await exited
      if (!client.result) throw new Error('A client process ended without an answer.')
      return client.result
    }),
  )
}

async function count({ origin, sqlitePath }: AppUnderLoad, results: readonly ClientResult[]): Promise<readonly string[]> {
  const faults = results.flatMap(({ unexpected }) => unexpected)
  for (const person of results.flatMap((result) => result.people)) {
    const session = await signIn({ url: origin, origin, email: person.email, password: demoAccounts.user.password })
    faults.push(...(await findFaultsOfList(session, person)))
  }
  return [...faults, ...findFaultsOfLedger(sqlitePath, results)]
}

function report(results: readonly ClientResult[], faults: readonly string[], switches: readonly number[]): void {
  const total = (of: (result: ClientResult) => number) => results.reduce((sum, result) => sum + of(result), 0)
  const waits = results.flatMap((result) => result.waits)
  const sorted = (chosen: typeof waits) => chosen.map(([, ms]) => ms).sort((a, b) => a - b)
  const quantile = (of: readonly number[], share: number) => of[Math.min(of.length - 1, Math.floor(of.length * share))] ?? 0
  const all = sorted(waits)
  const during = sorted(waits.filter(([at]) => switches.some((end) => at > end - 2_000 && at < end)))
  const first = Math.min(...waits.map(([at]) => at))
  const seconds = (Math.max(...waits.map(([at]) => at)) - first) / 1000
  const refused = results.flatMap((result) => Object.entries(result.refused))
  const figures = {
    acknowledged: waits.length,
    created: total(({ created }) => created),
    deleted: total(({ deleted }) => deleted),
    opened: total(({ opened }) => opened),
    refused: Object.fromEntries(refused),
    cut: total(({ cut }) => cut),
    open: total(({ people }) => people.reduce((sum, { open }) => sum + open.length, 0)),
    perSecond: Math.round(waits.length / seconds),
    p50Ms: quantile(all, 0.5),
    p99Ms: quantile(all, 0.99),
    p99DuringSwitchMs: quantile(during, 0.99),
    longestWaitMs: all.at(-1) ?? 0,
    faults,
  }
  for (const [name, figure] of Object.entries(figures)) if (name !== 'faults') say(`${name}: ${JSON.stringify(figure)}`)
  for (const fault of faults.slice(0, 30)) say(`FAULT ${fault}`)
  say(`${faults.length} faults`)
  if (values.json) console.log(JSON.stringify(figures))
}
