/**
 * A process of the app under load: `node --import tsx bench/live/writer.ts '<WriterOptions as JSON>'`. Writes through the app's
 * own database layer, some at a time, until its parent says stop; then answers what it was told had been written.
 */
import { setTimeout as delay } from 'node:timers/promises'
import { readActiveState } from '@/lib/control/active-database'
import { openControlStore } from '@/lib/control/control-store'
import { openSecret } from '@/lib/control/secrets'
import { AppError } from '@/lib/core/errors'
import type { AppTransaction } from '@/lib/database/app-client'
import { type AppDatabase, createAppDatabase } from '@/lib/database/app-database'
import { type ExpectedUser, type FollowedFlip, type WriterResult, writerOptionsSchema } from './writer-protocol'

/** Writes of one process under way at once, as several requests would have them. */
const lanes = 4

const options = writerOptionsSchema.parse(JSON.parse(process.argv[2] ?? ''))
const control = await openControlStore(options.controlPath)
const database = createAppDatabase({
  readState: async () => readActiveState(control),
  sqlitePath: options.sqlitePath,
  openTarget: (target) => openSecret(target.sealedUrl, options.secret),
})
const result: WriterResult = { users: [], events: 0, refused: 0, unexpected: [], waits: [] }
let isStopped = false
// Its parent is gone: nobody will ask for the result.
process.once('disconnect', () => process.exit(1))
process.on('message', (message) => {
  if (message === 'stop') isStopped = true
})
const watching = watchEngine(database)
await Promise.all(Array.from({ length: lanes }, (_, lane) => work(database, lane)))
await watching
await database.close()
await control.close()
process.send?.(result, () => process.exit(0))

/** Tells the parent when this process sends its next query to another engine than its last. */
async function watchEngine(app: AppDatabase): Promise<void> {
  let last = await app.engine()
  while (!isStopped) {
    const engine = await app.engine()
    if (engine !== last) process.send?.({ follows: engine, at: Date.now() } satisfies FollowedFlip)
    last = engine
    await delay(5)
  }
}

/** Each lane has users of its own, so that what they must be in the end is known without looking. */
async function work(app: AppDatabase, lane: number): Promise<void> {
  const known = new Map<string, ExpectedUser>()
  const pauseMs = (1_000 * lanes) / options.perSecond
  for (let step = 0; !isStopped; step += 1) {
    const started = performance.now()
    const [change, apply] = plan(known, lane, step)
    try {
      await app.write(change)
      apply()
      result.waits.push([performance.timeOrigin + started, Math.round(performance.now() - started)])
      process.send?.('written')
    } catch (error) {
      if (error instanceof AppError && error.retryable) result.refused += 1
      else result.unexpected.push(String(error).slice(0, 500))
    }
    await delay(Math.max(0, pauseMs - (performance.now() - started)))
  }
  result.users.push(...known.values())
}

type Change = (transaction: AppTransaction) => Promise<unknown>

/** What is written next, and what has to be expected once it was acknowledged. */
function plan(known: Map<string, ExpectedUser>, lane: number, step: number): readonly [Change, () => void] {
  const users = [...known.values()]
  const one = users[step % Math.max(1, users.length)]
  const kind = one === undefined ? 0 : step % 8
  if (one === undefined || kind < 3) {
    const user = {
      id: `${options.name}-${lane}-${step}`,
      email: `${options.name}-${lane}-${step}@load.test`,
      name: 'new',
      balance: 5,
    }
    return [(database) => createUser(database, user), () => void known.set(user.email, user)]
  }
  switch (kind) {
    case 3:
    case 4: {
      const changed = { ...one, name: `changed at ${step}`, balance: one.balance + 1 }
      return [(database) => spend(database, changed), () => void known.set(one.email, changed)]
    }
    case 5: {
      const moved = { ...one, id: `${one.email.split('@')[0]}-moved-${step}` }
      return [(database) => database.user.update({ where: { id: one.id }, data: { id: moved.id } }), () => void known.set(one.email, moved)]
    }
    case 6:
      return [(database) => database.user.delete({ where: { id: one.id } }), () => void known.delete(one.email)]
    default:
      return [
        (database) =>
          database.telemetryEvent.create({ data: { sessionId: options.name, type: 'load', totalBytes: 9_007_199_254_740_993n } }),
        () => {
          result.events += 1
        },
      ]
  }
}

/** Three tables in one transaction; the credits' sum is the balance. */
async function createUser({ user, creditBalance, creditTransaction }: AppTransaction, { id, email, name, balance }: ExpectedUser) {
  await user.create({ data: { id, email, name } })
  await creditBalance.create({ data: { userId: id, balance } })
  for (let credit = 0; credit < balance; credit += 1) await creditTransaction.create({ data: { userId: id, amount: 1, reason: 'REFUND' } })
}

async function spend({ user, creditBalance, creditTransaction }: AppTransaction, { id, name, balance }: ExpectedUser) {
  await user.update({ where: { id }, data: { name } })
  await creditBalance.update({ where: { userId: id }, data: { balance } })
  await creditTransaction.create({ data: { userId: id, amount: 1, reason: 'REFUND' } })
}
