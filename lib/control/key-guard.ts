import { z } from 'zod'
import { AppError } from '@/lib/core/errors'
import { appendAudit } from './audit'
import type { ControlStore, ControlTransaction } from './control-store'

/** A key of the environment by its one-way fingerprint; the key itself never comes here. */
export interface NamedFingerprint<Name extends string = string> {
  readonly name: Name
  readonly fingerprint: string
}

/** A key of today beside what is known of it. */
export interface WatchedKey<Name extends string = string> extends NamedFingerprint<Name> {
  /** changed: an alarm, until the new key is acknowledged or the old one returns. first: never seen before. */
  readonly status: 'first' | 'same' | 'changed'
  /** The one that was seen first, or was acknowledged since; ISO 8601 of when. */
  readonly accepted: string
  readonly acceptedAt: string
  /** When the present one was first seen instead; null unless changed. */
  readonly changedAt: string | null
}

const recordSchema = z.object({
  accepted: z.string(),
  acceptedAt: z.iso.datetime(),
  changed: z.object({ fingerprint: z.string(), at: z.iso.datetime() }).nullable(),
})
type KeyRecord = z.infer<typeof recordSchema>

const comparedSchema = z.object({ at: z.iso.datetime(), by: z.string(), fingerprints: z.record(z.string(), z.string()) })

/**
 * Called at every start of a process that uses the keys: one that was never seen is recorded, a changed one is written to
 * the audit log each time, so that nobody can miss it who looks there, and so is one that came back.
 *
 * @returns the keys as they stand; those with status `changed` are to be said aloud
 */
export async function watchKeys<Name extends string>(
  store: ControlStore,
  keys: readonly NamedFingerprint<Name>[],
  actor: string,
): Promise<readonly WatchedKey<Name>[]> {
  return store.write(async (transaction) => {
    const now = store.clock.now()
    const watched: WatchedKey<Name>[] = []
    for (const { name, fingerprint } of keys) {
      const before = await readRecord(transaction, name)
      const record = nextRecord(before, fingerprint, now.toISOString())
      if (JSON.stringify(record) !== JSON.stringify(before)) await writeRecord(transaction, name, record, now)
      const action = actionOf(before, record)
      const detail = { fingerprint, accepted: record.accepted }
      if (action !== null) await appendAudit(transaction, now, { actor, action, subject: name, detail })
      watched.push(view(name, fingerprint, before, record))
    }
    return watched
  })
}

/** The keys as they stand, without recording anything. */
export async function readKeys<Name extends string>(
  store: ControlStore,
  keys: readonly NamedFingerprint<Name>[],
): Promise<readonly WatchedKey<Name>[]> {
  const now = store.clock.now().toISOString()
  return Promise.all(
    keys.map(async ({ name, fingerprint }) => {
      const before = await readRecord(store.read, name)
      return view(name, fingerprint, before, nextRecord(before, fingerprint, now))
    }),
  )
}

/**
 * Accepts a changed key as the right one from now on.
 *
 * @throws AppError STATE_CONFLICT when it is not the fingerprint of today's alarm
 */
export async function acknowledgeKey(store: ControlStore, { name, fingerprint }: NamedFingerprint, actor: string): Promise<void> {
  await store.write(async (transaction) => {
    const now = store.clock.now()
    const before = await readRecord(transaction, name)
    if (!before?.changed || before.changed.fingerprint !== fingerprint) {
      throw new AppError({
        code: 'STATE_CONFLICT',
        operation: 'acknowledge a key',
        subject: name,
        message: 'There is no alarm about this key any more, or it is about another one by now.',
        hint: 'Load the page again and look at the fingerprints.',
      })
    }
    await writeRecord(transaction, name, { accepted: fingerprint, acceptedAt: now.toISOString(), changed: null }, now)
    const detail = { fingerprint, before: before.accepted }
    await appendAudit(transaction, now, { actor, action: 'key.acknowledged', subject: name, detail })
  })
}

/** Another environment's fingerprints, as somebody pasted them last; null when nobody has. */
export async function readCompared(store: ControlStore): Promise<z.infer<typeof comparedSchema> | null> {
  const row = await store.read.setting.findUnique({ where: { key: comparedKey } })
  return row && comparedSchema.parse(JSON.parse(row.value))
}

/** Keeps another environment's fingerprints, to be compared with ours from now on. */
export async function saveCompared(store: ControlStore, fingerprints: Readonly<Record<string, string>>, by: string): Promise<void> {
  await store.write(async (transaction) => {
    const now = store.clock.now()
    await writeSetting(transaction, comparedKey, { at: now.toISOString(), by, fingerprints }, now)
    const detail = { ...fingerprints }
    await appendAudit(transaction, now, { actor: by, action: 'keys.compared', subject: Object.keys(fingerprints).join(', '), detail })
  })
}

const comparedKey = 'keys.compared'

function nextRecord(before: KeyRecord | null, fingerprint: string, now: string): KeyRecord {
  if (before === null) return { accepted: fingerprint, acceptedAt: now, changed: null }
  if (before.accepted === fingerprint) return { ...before, changed: null }
  return before.changed?.fingerprint === fingerprint ? before : { ...before, changed: { fingerprint, at: now } }
}

/** What the audit log is told; nothing at a start with the usual key. */
function actionOf(before: KeyRecord | null, record: KeyRecord): string | null {
  if (before === null) return 'key.recorded'
  if (record.changed) return 'key.changed'
  return before.changed ? 'key.returned' : null
}

function view<Name extends string>(name: Name, fingerprint: string, before: KeyRecord | null, record: KeyRecord): WatchedKey<Name> {
  const { accepted, acceptedAt, changed } = record
  const status = changed ? 'changed' : before === null ? 'first' : 'same'
  return { name, fingerprint, status, accepted, acceptedAt, changedAt: changed?.at ?? null }
}

async function readRecord(from: Pick<ControlTransaction, 'setting'>, name: string): Promise<KeyRecord | null> {
  const row = await from.setting.findUnique({ where: { key: settingKey(name) } })
  return row && recordSchema.parse(JSON.parse(row.value))
}

function writeRecord(transaction: ControlTransaction, name: string, record: KeyRecord, now: Date): Promise<void> {
  return writeSetting(transaction, settingKey(name), record, now)
}

async function writeSetting(transaction: ControlTransaction, key: string, value: object, updatedAt: Date): Promise<void> {
  const data = { value: JSON.stringify(value), updatedAt }
  await transaction.setting.upsert({ where: { key }, create: { key, ...data }, update: data })
}

function settingKey(name: string): string {
  return `key.${name}`
}
