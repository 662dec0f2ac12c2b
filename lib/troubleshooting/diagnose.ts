import { cancelledError } from '@/lib/core/abort'
import { reportError } from '@/lib/core/errors'
import type { Entry, TestKind } from './catalogue'
import { type Diagnosis, type Found, findings } from './diagnosis'
import {
  askConfirmation,
  askCvs,
  askEnvironment,
  askJobs,
  askKeys,
  askLease,
  askLocalDisk,
  askRefusals,
  askSource,
  askSourceDamage,
  askSourceLock,
  askState,
  askWorker,
} from './own-tests'
import { askHistory, askReferences, askRelations, askSequences, askSlow } from './schema-tests'
import type { Subject } from './subject'
import { askCertificate, askConnections, askLocks, askPgDump, askRights, askServerDisk, askTarget } from './target-tests'

const patienceMs = 20_000

/**
 * Asks the real server, file or store, now and without changing anything, whether it has an entry's trouble. What goes
 * wrong or takes too long is the answer `unknown`, with the reason.
 *
 * @throws AppError CANCELLED only when `signal` fires
 */
export async function diagnose(entry: Entry, subject: Subject, signal: AbortSignal): Promise<Diagnosis> {
  const started = performance.now()
  const patience = AbortSignal.timeout(subject.timeoutMs ?? patienceMs)
  const both = AbortSignal.any([signal, patience])
  const found = await Promise.race([tests[entry.test](subject, entry.id, both), rejectedBy(both)]).catch((error: unknown): Found => {
    if (signal.aborted) throw cancelledError(signal)
    if (patience.aborted)
      return { finding: 'unasked', detail: `No answer within ${Math.round((subject.timeoutMs ?? patienceMs) / 1000)} seconds.` }
    const { code, message } = reportError(error)
    return { finding: 'unasked', detail: message, seeAlso: code === entry.id ? null : code }
  })
  return {
    params: {},
    examples: [],
    seeAlso: null,
    detail: null,
    remedy: null,
    mend: null,
    asked: null,
    ...found,
    outcome: findings[found.finding],
    elapsedMs: Math.round(performance.now() - started),
  }
}

type Test = (subject: Subject, entry: string, signal: AbortSignal) => Promise<Found>

const tests: Readonly<Record<TestKind, Test>> = {
  target: askTarget,
  certificate: askCertificate,
  connections: (subject, _entry, signal) => askConnections(subject, signal),
  'server-disk': (subject, _entry, signal) => askServerDisk(subject, signal),
  rights: askRights,
  relations: (subject, _entry, signal) => askRelations(subject, signal),
  history: askHistory,
  sequences: (subject, _entry, signal) => askSequences(subject, signal),
  references: (subject, _entry, signal) => askReferences(subject, signal),
  locks: (subject, _entry, signal) => askLocks(subject, signal),
  slow: (subject, _entry, signal) => askSlow(subject, signal),
  source: (subject, entry) => askSource(subject, entry),
  'source-lock': (subject) => askSourceLock(subject),
  'source-damage': (subject, _entry, signal) => askSourceDamage(subject, signal),
  'local-disk': askLocalDisk,
  environment: askEnvironment,
  state: askState,
  lease: askLease,
  worker: askWorker,
  keys: askKeys,
  cvs: (subject, _entry, signal) => askCvs(subject, signal),
  'pg-dump': (subject, _entry, signal) => askPgDump(subject, signal),
  jobs: (subject, entry) => askJobs(subject, entry),
  refusals: askRefusals,
  confirmation: askConfirmation,
  request: async () => ({ finding: 'only-the-request' }),
}

function rejectedBy(signal: AbortSignal): Promise<never> {
  return new Promise((_, reject) => {
    if (signal.aborted) reject(signal.reason)
    signal.addEventListener('abort', () => reject(signal.reason), { once: true })
  })
}
