import { constants } from 'node:fs'
import { access, readFile, stat } from 'node:fs/promises'
import { dirname, join } from 'node:path'
import { parseEnv } from 'node:util'
import { z } from 'zod'
import { parseEnvironment } from '@/lib/config/environment'
import { isWritable } from '@/lib/control/active-state'
import { readUnsettled } from '@/lib/control/exclusive'
import { readKeys } from '@/lib/control/key-guard'
import { databasesLease, readLease } from '@/lib/control/lease'
import { readWorkerStatus } from '@/lib/control/workers'
import { readDiskSpace } from '@/lib/core/disk-space'
import { AppError, reportError } from '@/lib/core/errors'
import { fingerprintsOf } from '@/lib/preflight/secret-checks'
import { damageIn } from '@/lib/sqlite/integrity-messages'
import { openSqlite, toSqliteError } from '@/lib/sqlite/open-database'
import { readIntegrity } from '@/lib/sqlite/read-integrity'
import type { Found } from './diagnosis'
import type { FilesOutcome, Subject } from './subject'

/** How long another writer is waited for before the file counts as locked; it stops the event loop, so it is short. */
const lockWaitMs = 250
/** Jobs looked through for one that ended with a code. */
const jobsLookedAt = 500
const reserveBytes = 16 * 1024 * 1024

/** Whether opening the SQLite file ends in just this code. */
export async function askSource({ sqlitePath }: Subject, code: string): Promise<Found> {
  if (sqlitePath === null) return { finding: 'source-none' }
  const error = await openError(sqlitePath)
  if (error === null) return { finding: 'source-fine', asked: sqlitePath }
  const remedy = remedyFor(error.code, sqlitePath)
  if (error.code === code) return { finding: 'source-is', asked: sqlitePath, detail: error.message, remedy }
  return { finding: 'source-other', asked: sqlitePath, seeAlso: error.code, detail: error.message }
}

async function openError(path: string): Promise<AppError | null> {
  try {
    openSqlite(path, { readonly: true, busyTimeoutMs: lockWaitMs }).close()
    await access(path, constants.R_OK | constants.W_OK)
    await access(dirname(path), constants.W_OK)
    return null
  } catch (error) {
    if (error instanceof AppError) return error
    const { code } = error as NodeJS.ErrnoException
    const message = code === 'EACCES' || code === 'EROFS' ? 'The file or its folder cannot be written to by this process.' : String(error)
    return new AppError({ code: 'SOURCE_UNREADABLE', message, subject: path })
  }
}

function remedyFor(code: string, path: string): string | null {
  if (code === 'SOURCE_UNREADABLE')
    return `ls -ld ${shell(dirname(path))} ${shell(path)}*\nsudo chown "$(whoami)" ${shell(dirname(path))} ${shell(path)}*`
  if (code === 'SOURCE_MISSING') return `find / -name '*.db' -newermt '-30 days' 2>/dev/null`
  return null
}

/** Whether a writer has to wait right now. Takes the write lock for a moment and gives it back; nothing is written. */
export async function askSourceLock({ sqlitePath }: Subject): Promise<Found> {
  if (sqlitePath === null) return { finding: 'source-none' }
  const db = openSqlite(sqlitePath, { busyTimeoutMs: lockWaitMs })
  try {
    db.exec('BEGIN IMMEDIATE; ROLLBACK')
    return { finding: 'lock-free', asked: sqlitePath }
  } catch (cause) {
    const { code, message } = toSqliteError(cause, sqlitePath)
    if (code !== 'SOURCE_BUSY') return { finding: 'source-other', asked: sqlitePath, seeAlso: code, detail: message }
    return {
      finding: 'lock-held',
      asked: sqlitePath,
      params: { waitedMs: lockWaitMs },
      remedy: `fuser -v ${shell(sqlitePath)}\nlsof ${shell(sqlitePath)}`,
    }
  } finally {
    db.close()
  }
}

/** `quick_check` over the whole file, in a process of its own that ends when the time is up. */
export async function askSourceDamage({ sqlitePath }: Subject, signal: AbortSignal): Promise<Found> {
  if (sqlitePath === null) return { finding: 'source-none' }
  const opening = await openError(sqlitePath)
  if (opening && opening.code !== 'SOURCE_DAMAGED') {
    return { finding: 'source-other', asked: sqlitePath, seeAlso: opening.code, detail: opening.message }
  }
  const remedy = `sqlite3 ${shell(sqlitePath)} ".recover" | sqlite3 recovered.db`
  try {
    const damage = damageIn(await readIntegrity({ path: sqlitePath, kind: 'quick' }, signal))
    if (damage.length === 0) return { finding: 'sound', asked: sqlitePath }
    return { finding: 'damaged', asked: sqlitePath, params: { count: damage.length }, detail: damage.slice(0, 3).join('\n'), remedy }
  } catch (cause) {
    if (signal.aborted) throw cause
    const { code, message } = toSqliteError(cause, sqlitePath)
    if (code !== 'SOURCE_DAMAGED') throw cause
    return { finding: 'damaged', asked: sqlitePath, params: { count: 1 }, detail: message, remedy }
  }
}

/** Whether the data folder has room for another safety copy. */
export async function askLocalDisk({ dataDir, sqlitePath }: Subject): Promise<Found> {
  const { freeBytes, folder } = await readDiskSpace(dataDir)
  const size = sqlitePath === null ? 0 : await databaseBytes(sqlitePath)
  const params = { freeBytes, neededBytes: size + reserveBytes }
  const finding = freeBytes < size + reserveBytes ? 'disk-full' : 'disk-room'
  return {
    finding,
    asked: folder,
    params,
    remedy: finding === 'disk-full' ? `df -h ${shell(folder)}\ndu -xh ${shell(folder)} | sort -h | tail` : null,
  }
}

async function databaseBytes(path: string): Promise<number> {
  return stat(path).then(
    ({ size }) => size,
    () => 0,
  )
}

/** What a start would make of the .env files as they are now: they may have been changed since this process began. */
export async function askEnvironment({ root }: Subject): Promise<Found> {
  const mode = process.env.NODE_ENV === 'production' ? 'production' : 'development'
  const files = ['.env', `.env.${mode}`, '.env.local', `.env.${mode}.local`].map((name) => join(root, name))
  const texts = await Promise.all(files.map((file) => readFile(file, 'utf8').catch(() => '')))
  const fromFiles = Object.assign({}, ...texts.map((text) => parseEnv(text)))
  try {
    parseEnvironment({ ...process.env, ...fromFiles }, root)
    return { finding: 'environment-complete', asked: '.env' }
  } catch (error) {
    const { message } = reportError(error)
    const [, ...problems] = message.split('\n')
    return {
      finding: 'environment-incomplete',
      asked: '.env',
      params: { count: problems.length },
      examples: problems.map((line) => line.trim()),
    }
  }
}

export async function askState({ state, store }: Subject): Promise<Found> {
  const unsettled = await readUnsettled(store)
  if (isWritable(state) && unsettled === null) return { finding: 'state-writable', params: { status: state.status } }
  const since = 'since' in state ? state.since : (unsettled?.since ?? '')
  return { finding: 'state-read-only', params: { status: state.status, sinceAt: since }, detail: unsettled?.purpose ?? null }
}

export async function askLease({ store }: Subject): Promise<Found> {
  const lease = await readLease(store, databasesLease)
  if (lease === null) return { finding: 'lease-free' }
  return {
    finding: 'lease-held',
    params: { sinceAt: lease.acquiredAt.toISOString(), untilAt: lease.expiresAt.toISOString() },
    detail: `${lease.purpose}, ${lease.holder}`,
  }
}

export async function askWorker({ store }: Subject): Promise<Found> {
  const { alive, lastSeenAt } = await readWorkerStatus(store)
  const params = lastSeenAt === null ? {} : { seenAt: lastSeenAt.toISOString() }
  return alive ? { finding: 'worker-alive', params } : { finding: 'worker-dead', params, remedy: 'npm start' }
}

/** Whether the keys of this environment are those that were always here. */
export async function askKeys({ store, secrets }: Pick<Subject, 'store' | 'secrets'>): Promise<Found> {
  const keys = await readKeys(store, fingerprintsOf(secrets))
  const changed = keys.filter(({ status }) => status === 'changed')
  if (changed.length > 0) {
    return {
      finding: 'keys-changed',
      params: { count: changed.length },
      examples: changed.map(({ name, accepted, fingerprint }) => `${name}: ${accepted} → ${fingerprint}`),
    }
  }
  if (keys.length === 0 || keys.every(({ status }) => status === 'first')) return { finding: 'keys-unseen' }
  return { finding: 'keys-same', examples: keys.map(({ name, fingerprint }) => `${name}: ${fingerprint}`) }
}

/** Whether the CVs open, and if not, whether it is the key, the files or the folder. */
export async function askCvs({ checkFiles, store, secrets }: Subject, signal: AbortSignal): Promise<Found> {
  return judgeFiles(await checkFiles(signal), async () => (await askKeys({ store, secrets })).examples ?? [])
}

/** The most telling of the faults: a wrong key first, because it explains all of them. */
export async function judgeFiles({ rows, faults }: FilesOutcome, fingerprints: () => Promise<readonly string[]>): Promise<Found> {
  const { 'other-key': otherKey, missing, extra: _extra, ...rest } = faults
  const damaged = Object.values(rest).flatMap((fault) => (fault ? [fault] : []))
  if (otherKey) {
    return {
      finding: 'cvs-other-key',
      params: { count: otherKey.count, rows },
      examples: [...(await fingerprints())],
      seeAlso: 'KEY_INVALID',
      remedy: 'npm run --silent preflight -- --fingerprints',
    }
  }
  if (missing) return { finding: 'cvs-missing', params: { count: missing.count, rows }, examples: missing.names.slice(0, 10) }
  if (damaged.length > 0) {
    const count = damaged.reduce((sum, fault) => sum + fault.count, 0)
    return { finding: 'cvs-damaged', params: { count, rows }, examples: damaged.flatMap(({ names }) => [...names]).slice(0, 10) }
  }
  return { finding: rows === 0 ? 'cvs-none' : 'cvs-open', params: { rows } }
}

const jobErrorSchema = z.object({ code: z.string(), message: z.string() })

/** The last job that ended with this code, and whether one of its kind has ended well since. */
export async function askJobs({ store }: Subject, code: string): Promise<Found> {
  const rows = await store.read.job.findMany({ where: { error: { not: null } }, orderBy: { createdAt: 'desc' }, take: jobsLookedAt })
  const hit = rows
    .map((row) => ({ row, error: jobErrorSchema.safeParse(JSON.parse(row.error ?? 'null')) }))
    .find(({ row, error }) => (error.success && error.data.code === code) || (code === 'CANCELLED' && row.status === 'cancelled'))
  if (!hit) return { finding: 'job-never' }
  const { row, error } = hit
  const params = {
    kind: row.kind,
    at: (row.finishedAt ?? row.createdAt).toISOString(),
    failedAt: (row.finishedAt ?? row.createdAt).toISOString(),
    job: row.id,
  }
  const later = await store.read.job.findFirst({
    where: { kind: row.kind, status: 'succeeded', createdAt: { gt: row.createdAt } },
    orderBy: { createdAt: 'desc' },
  })
  const detail = error.success ? error.data.message : null
  if (later) return { finding: 'job-mended', params: { ...params, mendedAt: (later.finishedAt ?? later.createdAt).toISOString() }, detail }
  return { finding: 'job-failed', params, detail }
}

/** Attempts of the last hour that were refused. */
export async function askRefusals({ store }: Subject): Promise<Found> {
  const since = new Date(store.clock.now().getTime() - 3_600_000)
  const rows = await store.read.auditEntry.findMany({
    where: { action: 'admin.refused', at: { gte: since } },
    orderBy: { at: 'desc' },
    take: 20,
  })
  if (rows.length === 0) return { finding: 'refused-never' }
  return { finding: 'refused-lately', params: { count: rows.length }, examples: rows.map(({ actor, subject }) => `${actor}: ${subject}`) }
}

export async function askConfirmation({ isRecent }: Subject): Promise<Found> {
  return { finding: isRecent ? 'signed-in' : 'password-wanted' }
}

function shell(text: string): string {
  return /^[\w./:@%+=-]+$/.test(text) ? text : `'${text.replaceAll("'", `'\\''`)}'`
}
