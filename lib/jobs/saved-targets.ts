import { randomUUID } from 'node:crypto'
import { z } from 'zod'
import { appendAudit } from '@/lib/control/audit'
import type { ControlStore } from '@/lib/control/control-store'
import { openSecret } from '@/lib/control/secrets'
import { AppError } from '@/lib/core/errors'
import { sealTarget } from './sealed-target'

const storedSchema = z.object({
  name: z.string(),
  /** user@host:port/database, without the password. */
  label: z.string(),
  sealedUrl: z.string(),
  createdAt: z.iso.datetime(),
  createdBy: z.string(),
})

/** What may be shown of a saved target; its address with the password never leaves the server again. */
export interface SavedTarget {
  readonly id: string
  readonly name: string
  readonly label: string
  readonly createdAt: string
  readonly createdBy: string
}

export interface NewTarget {
  /** For people; the label where it is empty. */
  readonly name: string
  readonly url: string
  /** Whether it may lie in a private network. */
  readonly allowPrivate: boolean
  readonly actor: string
}

const prefix = 'target.'
const mostTargets = 50

/** The saved targets, by name. */
export async function listSavedTargets(store: ControlStore): Promise<readonly SavedTarget[]> {
  const rows = await store.read.setting.findMany({ where: { key: { startsWith: prefix } } })
  return rows
    .map(({ key, value }): SavedTarget => {
      const { name, label, createdAt, createdBy } = storedSchema.parse(JSON.parse(value))
      return { id: key.slice(prefix.length), name, label, createdAt, createdBy }
    })
    .sort((a, b) => a.name.localeCompare(b.name) || a.id.localeCompare(b.id))
}

/**
 * Keeps a target, sealed with the key derived from NEXTAUTH_SECRET. One of the same name is replaced, so that repeating a
 * set-up leaves one.
 *
 * @throws AppError TARGET_URL_INVALID, TARGET_URL_REFUSED, STATE_CONFLICT when there are too many
 */
export async function saveTarget(store: ControlStore, target: NewTarget, nextAuthSecret: string): Promise<SavedTarget> {
  const { label, sealedUrl } = sealTarget(target.url, target.allowPrivate, nextAuthSecret)
  const name = target.name.trim() === '' ? label : target.name.trim()
  const known = await listSavedTargets(store)
  const same = known.find((saved) => saved.name === name)
  if (!same && known.length >= mostTargets) throw tooMany()
  const id = same?.id ?? randomUUID()
  const now = store.clock.now()
  const stored = { name, label, sealedUrl, createdAt: now.toISOString(), createdBy: target.actor }
  const data = { value: JSON.stringify(stored), updatedAt: now }
  await store.write(async (transaction) => {
    await transaction.setting.upsert({ where: { key: prefix + id }, create: { key: prefix + id, ...data }, update: data })
    await appendAudit(transaction, now, { actor: target.actor, action: 'target.saved', subject: label, detail: { id, name } })
  })
  return { id, name, label, createdAt: stored.createdAt, createdBy: stored.createdBy }
}

/** Forgets a saved target; the database itself stays as it is. @throws AppError NOT_FOUND */
export async function removeTarget(store: ControlStore, id: string, actor: string): Promise<void> {
  const { label } = await readStored(store, id)
  await store.write(async (transaction) => {
    await transaction.setting.deleteMany({ where: { key: prefix + id } })
    await appendAudit(transaction, store.clock.now(), { actor, action: 'target.removed', subject: label, detail: { id } })
  })
}

/** The URL of a saved target, for use on this server alone. @throws AppError NOT_FOUND, KEY_INVALID */
export async function openSavedTarget(store: ControlStore, id: string, nextAuthSecret: string): Promise<string> {
  return openSecret((await readStored(store, id)).sealedUrl, nextAuthSecret)
}

async function readStored(store: ControlStore, id: string) {
  const row = await store.read.setting.findUnique({ where: { key: prefix + id } })
  if (row) return storedSchema.parse(JSON.parse(row.value))
  throw new AppError({
    code: 'NOT_FOUND',
    operation: 'open a saved target',
    subject: id,
    message: 'There is no saved target of this number.',
    hint: 'Load the page again and choose another one.',
  })
}

function tooMany(): AppError {
  return new AppError({
    code: 'STATE_CONFLICT',
    operation: 'save a target',
    message: `${mostTargets} targets are saved already.`,
    hint: 'Remove one that is not used any more.',
  })
}
