/**
 * Whether the web answers, or a worker gives signs of life: status 0 or 1, one line of why. For containers and supervisors;
 * it asks this machine only, reads only, and needs no sign-in.
 *
 *     node scripts/healthcheck.mjs web | worker
 */
import { isAbsolute, resolve } from 'node:path'
import Database from 'better-sqlite3'

const patienceMs = 8_000
/** A worker beats every few seconds; a long step without a pause stops its heart for a while. */
const silentMs = 10 * 60_000

const checks = { web, worker }

async function web() {
  const answer = await fetch(`http://127.0.0.1:${process.env.PORT ?? '3000'}/sign-in`, {
    redirect: 'manual',
    signal: AbortSignal.timeout(patienceMs),
  })
  if (answer.status !== 200) throw new Error(`The web answers ${answer.status}.`)
  return 'The web answers.'
}

async function worker() {
  const url = process.env.CONTROL_DATABASE_URL ?? 'file:./data/control.db'
  const path = url.slice('file:'.length).replace(/\?.*$/, '')
  const store = new Database(isAbsolute(path) ? path : resolve(path), { readonly: true, fileMustExist: true, timeout: 2_000 })
  try {
    const row = store.prepare('SELECT max(heartbeatAt) AS at FROM Worker WHERE stoppedAt IS NULL').get()
    // Prisma writes dates as text.
    const age = row?.at ? Date.now() - new Date(row.at).getTime() : Number.POSITIVE_INFINITY
    if (age > silentMs) throw new Error('No worker gives signs of life.')
    return `The worker was seen ${Math.round(age / 1000)} s ago.`
  } finally {
    store.close()
  }
}

const check = checks[process.argv[2] ?? '']
if (!check) {
  console.error('Usage: node scripts/healthcheck.mjs web | worker')
  process.exit(2)
}
try {
  console.log(await check())
} catch (error) {
  console.error(error instanceof Error ? error.message : String(error))
  process.exitCode = 1
}
