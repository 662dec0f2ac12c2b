import type { Environment } from '@/lib/config/environment'
import { readActiveState } from '@/lib/control/active-database'
import type { SealedTarget } from '@/lib/control/active-state'
import { openControlStore } from '@/lib/control/control-store'
import { readUnsettled, withExclusive } from '@/lib/control/exclusive'
import { databasesLease } from '@/lib/control/lease'
import { openSecret } from '@/lib/control/secrets'
import { reportError } from '@/lib/core/errors'
import type { Report } from '@/lib/core/progress'
import { interruptDeadJobs } from '@/lib/jobs/interruption'
import { recoverAndRecord } from '@/lib/migration/recover-and-record'

/**
 * Frees the app from a switch whose worker has died, without waiting for the next worker. Throws nothing.
 *
 * A worker killed while writes wait keeps them waiting until somebody recovers. The next worker does, as its first act; but
 * starting it takes a second or more of a busy machine. Whoever keeps it running is there already, and knows of the death
 * first: so it is done here, under the same lease and by the same rules, while the worker starts.
 *
 * A migration that is cut short is left to the worker, which takes it up again: nobody waits for it.
 *
 * @returns whether there was anything to settle, and it is
 */
export async function settleDatabases(environment: Environment, say: (line: string) => void): Promise<boolean> {
  const actor = `npm start, process ${process.pid}`
  try {
    const store = await openControlStore(environment.controlPath)
    try {
      await interruptDeadJobs(store, actor)
      const unsettled = await readUnsettled(store)
      if (unsettled === null || readActiveState(store).status === 'migrating') return false
      const recovery = {
        store,
        sqlitePath: environment.database.engine === 'sqlite' ? environment.database.path : null,
        workDir: environment.dataDir,
        openTarget: (target: SealedTarget) => openSecret(target.sealedUrl, environment.nextAuthSecret),
        actor: `recovery by ${actor}`,
      }
      const request = { name: databasesLease, holder: actor, purpose: 'recovery of the databases' }
      const started = performance.now()
      // What it leaves undone the worker, which starts meanwhile, does again: a restore that was cut short, for one.
      const report: Report = (event) => {
        if (event.type === 'log') say(event.message)
      }
      await withExclusive(store, request, AbortSignal.timeout(patienceMs), (signal) => recoverAndRecord(recovery, report, signal))
      say(`The databases are in order again after "${unsettled.purpose}" (${Math.round(performance.now() - started)} ms).`)
      return true
    } finally {
      await store.close()
    }
  } catch (error) {
    // Somebody else is at it, or PostgreSQL cannot be asked: the worker goes on trying, and says what is wrong.
    const { code, message } = reportError(error)
    if (code !== 'LEASE_HELD') say(`The databases could not be brought in order yet: ${message}`)
    return false
  }
}

const patienceMs = 20_000
