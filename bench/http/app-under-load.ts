import { randomBytes } from 'node:crypto'
import { readdirSync, readFileSync } from 'node:fs'
import { join } from 'node:path'
import Database from 'better-sqlite3'
import getPort from 'get-port'
import { demoAccounts } from '@/lib/cvsite/demo-data/people'
import { type RunningScript, runScript, startScript } from '@/scripts/run-script'

export interface AppUnderLoad {
  /** Addresses of its web processes; the first is the site's own. */
  readonly urls: readonly string[]
  readonly origin: string
  readonly sqlitePath: string
  readonly controlPath: string
  /** Kills the worker as the kernel would; whoever keeps it running starts another. False when none was alive. */
  killWorker(): boolean
  /** The same for one of the web processes. */
  killWeb(index: number): boolean
  /** Waits until every web process answers. */
  untilUp(): Promise<void>
  stop(): Promise<void>
}

export interface AppOptions {
  readonly root: string
  /** An empty folder. */
  readonly folder: string
  /** Users of the demo data, each with their share of rows. */
  readonly users: number
  /** People who will write, with credits enough. */
  readonly writers: readonly string[]
  /** Web processes on the one file; the second and further ones on ports of their own. */
  readonly webs: number
}

const startTimeoutMs = 180_000

/** The production build of the app, web and worker as `npm start` runs them, over demo data of its own. */
export async function startAppUnderLoad({ root, folder, users, writers, webs }: AppOptions): Promise<AppUnderLoad> {
  const sqlitePath = join(folder, 'app.db')
  const controlPath = join(folder, 'data/control.db')
  const ports = await Promise.all(Array.from({ length: webs }, () => getPort()))
  const urls = ports.map((port) => `http://localhost:${port}`)
  const origin = urls[0] ?? ''
  const env = {
    DATABASE_URL: `file:${sqlitePath}`,
    CONTROL_DATABASE_URL: `file:${controlPath}`,
    CV_DATA_DIR: join(folder, 'cv_data'),
    DATA_DIR: join(folder, 'data'),
    CV_ENCRYPTION_KEY: randomBytes(32).toString('base64'),
    NEXTAUTH_SECRET: randomBytes(32).toString('base64'),
    NEXT_PUBLIC_SITE_URL: origin,
    ALLOW_PRIVATE_TARGETS: 'true',
    NODE_ENV: 'production',
    NEXT_DIST_DIR: process.env.NEXT_DIST_DIR ?? '.next',
  }
  const made = await runScript('scripts/generate-data.ts', ['--users', String(users), '--cv-files', '500', '--json'], { root, env })
  if (made.status !== 0) throw new Error('The demo data could not be made.')
  addWriters(sqlitePath, writers)
  const running: RunningScript[] = []
  const start = (args: readonly string[], port: number, index: number) =>
    running.push(
      startScript('scripts/start.ts', args, { root, env: { ...env, PORT: String(port) }, log: join(folder, `app-${index}.log`) }),
    )
  const untilUp = async () => {
    const deadline = Date.now() + startTimeoutMs
    for (const url of urls) {
      while (!(await answers(`${url}/sign-in`))) {
        if (Date.now() > deadline) throw new Error(`${url} does not answer: see ${folder}`)
        await new Promise((resolve) => setTimeout(resolve, 100))
      }
    }
  }
  for (const [index, port] of ports.entries()) {
    start(index === 0 ? [] : ['--only=web'], port, index)
    // The first one prepares the databases for all.
    if (index === 0) while (!(await answers(`${origin}/sign-in`))) await new Promise((resolve) => setTimeout(resolve, 100))
  }
  await untilUp()
  return {
    urls,
    origin,
    sqlitePath,
    controlPath,
    killWorker: () => killBelow(running[0]?.child.pid, 'worker/main.ts'),
    killWeb: (index) => killBelow(running[index]?.child.pid, 'next/dist/bin/next', 'next-server'),
    untilUp,
    stop: async () => {
      await Promise.all(running.map((one) => one.stop()))
    },
  }
}

/** People with the demo user's password and credits for any number of CVs. */
function addWriters(path: string, writers: readonly string[]): void {
  const db = new Database(path)
  try {
    db.transaction(() => {
      const hash = db.prepare('SELECT passwordHash FROM User WHERE email = ?').pluck().get(demoAccounts.user.email)
      const now = new Date().toISOString().replace('Z', '+00:00')
      for (const email of writers) {
        const id = `writer-${email}`
        db.prepare('INSERT INTO User (id, email, passwordHash, createdAt, updatedAt) VALUES (?, ?, ?, ?, ?)').run(id, email, hash, now, now)
        db.prepare('INSERT INTO CreditBalance (userId, balance, updatedAt) VALUES (?, ?, ?)').run(id, startCredits, now)
        const credit = 'INSERT INTO CreditTransaction (userId, amount, reason, note, createdAt) VALUES (?, ?, ?, ?, ?)'
        db.prepare(credit).run(id, startCredits, 'SIGN_UP', null, now)
      }
    })()
  } finally {
    db.close()
  }
}

/** What each writer begins with; each CV costs one. */
export const startCredits = 1_000_000

function answers(url: string): Promise<boolean> {
  return fetch(url, { signal: AbortSignal.timeout(10_000) }).then(
    (response) => response.ok,
    () => false,
  )
}

/** Kills the first process below another one whose command names one of these. */
function killBelow(ancestor: number | undefined, ...names: readonly string[]): boolean {
  if (ancestor === undefined) return false
  const parents = new Map<number, number>()
  for (const entry of readdirSync('/proc')) {
    const pid = Number(entry)
    if (!Number.isInteger(pid)) continue
    const parent = /^\d+ \(.*\) \S (\d+)/s.exec(read(`/proc/${pid}/stat`))?.[1]
    if (parent !== undefined) parents.set(pid, Number(parent))
  }
  const isBelow = (pid: number): boolean => {
    const parent = parents.get(pid)
    return parent !== undefined && (parent === ancestor || isBelow(parent))
  }
  for (const pid of parents.keys()) {
    const command = read(`/proc/${pid}/cmdline`).replaceAll('\0', ' ')
    if (!isBelow(pid) || !names.some((name) => command.includes(name)) || command.includes('scripts/start.ts')) continue
    process.kill(pid, 'SIGKILL')
    return true
  }
  return false
}

function read(path: string): string {
  try {
    return readFileSync(path, 'utf8')
  } catch {
    return ''
  }
}
