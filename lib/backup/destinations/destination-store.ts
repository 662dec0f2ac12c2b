import { randomBytes } from 'node:crypto'
import { join, relative, resolve } from 'node:path'
import { z } from 'zod'
import { appendAudit } from '@/lib/control/audit'
import type { ControlStore, ControlTransaction } from '@/lib/control/control-store'
import { openSecret, sealSecret } from '@/lib/control/secrets'
import { AppError } from '@/lib/core/errors'
import { type DestinationInput, type DestinationView, destinationViewSchema, type Place } from './destination'
import { createFolderStorage } from './folder-storage'
import type { AddressRules } from './s3-address'
import type { Storage } from './storage'

/** What destinations need of the app. */
export interface DestinationSetup {
  readonly store: ControlStore
  /** NEXTAUTH_SECRET: secrets lie sealed with a key made from it. */
  readonly master: string
  /** Folder of the archives. */
  readonly folder: string
  /** The app's folder, absolute. */
  readonly root: string
  readonly addresses: AddressRules
}

const settingKey = 'backups.destinations'
const mostDestinations = 10

/** Sealed: the secret access key of S3; null for a folder. It never leaves the server again. */
const storedSchema = z.array(destinationViewSchema.extend({ sealed: z.string().nullable() }))
type Stored = z.infer<typeof storedSchema>[number]

/** All destinations, as pages may see them. */
export async function listDestinations(store: ControlStore): Promise<readonly DestinationView[]> {
  return (await readStored(store.read)).map(withoutSecret)
}

/** @throws AppError NOT_FOUND */
export async function getDestination(store: ControlStore, id: string): Promise<DestinationView> {
  return withoutSecret(requireStored(await readStored(store.read), id))
}

/**
 * Adds a destination (id null) or changes one. A secret that is not given stays, unless the key or the host that it belongs to
 * changed: it must not be sent to another host than the one that it was entered for.
 *
 * @throws AppError INVALID_INPUT, NOT_FOUND, TARGET_URL_REFUSED
 */
export async function saveDestination(
  setup: DestinationSetup,
  id: string | null,
  input: DestinationInput,
  actor: string,
): Promise<DestinationView> {
  await checkPlace(setup, input.place)
  const now = setup.store.clock.now()
  const given = input.secretAccessKey === null ? null : sealSecret(input.secretAccessKey, setup.master)
  const saved = await setup.store.write(async (transaction) => {
    const all = await readStored(transaction)
    const before = id === null ? null : requireStored(all, id)
    if (before === null && all.length >= mostDestinations)
      throw invalid(`There are ${mostDestinations} destinations already.`, 'Remove one first.')
    if (all.some((other) => other.id !== id && other.name === input.name))
      throw invalid('Another destination has this name.', 'Choose another name.')
    const { name, enabled, retention, place } = input
    const next: Stored = {
      id: before?.id ?? randomBytes(6).toString('hex'),
      name,
      enabled,
      retention,
      place,
      changedAt: now.toISOString(),
      sealed: place.kind === 'folder' ? null : (given ?? keptSecret(before, place)),
    }
    await writeStored(transaction, before === null ? [...all, next] : all.map((other) => (other.id === id ? next : other)), now)
    await appendAudit(transaction, now, {
      actor,
      action: before === null ? 'destination.added' : 'destination.changed',
      subject: name,
      detail: { kind: place.kind, place: placeLabel(place), enabled },
    })
    return next
  })
  return withoutSecret(saved)
}

/** Forgets a destination and the copies noted there; what lies there stays. @throws AppError NOT_FOUND */
export async function removeDestination({ store }: DestinationSetup, id: string, actor: string): Promise<void> {
  const now = store.clock.now()
  await store.write(async (transaction) => {
    const all = await readStored(transaction)
    const { name } = requireStored(all, id)
    await writeStored(
      transaction,
      all.filter((other) => other.id !== id),
      now,
    )
    await transaction.backupCopy.deleteMany({ where: { destinationId: id } })
    await appendAudit(transaction, now, { actor, action: 'destination.removed', subject: name })
  })
}

/** Opens the place of a destination; close it after use. @throws AppError NOT_FOUND, TARGET_URL_REFUSED, KEY_INVALID */
export async function openDestination(setup: DestinationSetup, id: string): Promise<Storage> {
  const { place, sealed } = requireStored(await readStored(setup.store.read), id)
  return openPlace(setup, place, sealed === null ? '' : openSecret(sealed, setup.master))
}

/**
 * Opens a place that is being tried before it is saved. @throws AppError as `saveDestination` and `openDestination`
 */
export async function openUnsaved(setup: DestinationSetup, id: string | null, input: DestinationInput): Promise<Storage> {
  await checkPlace(setup, input.place)
  if (input.place.kind === 'folder' || input.secretAccessKey !== null) return openPlace(setup, input.place, input.secretAccessKey ?? '')
  const before = id === null ? null : requireStored(await readStored(setup.store.read), id)
  return openPlace(setup, input.place, openSecret(keptSecret(before, input.place), setup.master))
}

/** What may be shown of a place. */
export function placeLabel(place: Place): string {
  if (place.kind === 'folder') return place.path
  return `${place.endpoint ?? place.region}/${place.bucket}${place.prefix === '' ? '' : `/${place.prefix}`}`
}

async function openPlace(setup: DestinationSetup, place: Place, secret: string): Promise<Storage> {
  if (place.kind === 'folder') return createFolderStorage(place)
  // The SDK is large and slow to load; whoever has no such destination never does.
  const { createS3Storage } = await import('./s3-storage')
  return createS3Storage(place, secret, setup.addresses)
}

async function checkPlace(setup: DestinationSetup, place: Place): Promise<void> {
  if (place.kind === 's3') {
    const { endpointOf } = await import('./s3-address')
    endpointOf(place, setup.addresses)
    return
  }
  const path = resolve(place.path)
  const isBelow = (folder: string) => !relative(folder, path).startsWith('..')
  if (isBelow(setup.folder)) throw invalid('The folder is the one of the archives itself.', 'Choose a folder on another disk.')
  for (const open of ['public', '.next']) {
    if (isBelow(join(/*turbopackIgnore: true*/ setup.root, open)))
      throw invalid('The app gives the files of this folder to everybody.', 'Choose another folder.')
  }
}

/** The sealed secret of before, where it may be used again. @throws AppError INVALID_INPUT */
function keptSecret(before: Stored | null, place: Place): string {
  const same =
    before?.place.kind === 's3' &&
    place.kind === 's3' &&
    before.place.accessKeyId === place.accessKeyId &&
    before.place.endpoint === place.endpoint &&
    before.place.region === place.region
  if (same && before.sealed !== null) return before.sealed
  throw invalid(
    'The secret access key is missing.',
    'Enter it; a kept one is only used with the access key, endpoint and region that it was given for.',
  )
}

async function readStored(from: Pick<ControlTransaction, 'setting'>): Promise<Stored[]> {
  const row = await from.setting.findUnique({ where: { key: settingKey } })
  return row ? storedSchema.parse(JSON.parse(row.value)) : []
}

async function writeStored(transaction: ControlTransaction, all: readonly Stored[], now: Date): Promise<void> {
  const data = { value: JSON.stringify(storedSchema.parse(all)), updatedAt: now }
  await transaction.setting.upsert({ where: { key: settingKey }, create: { key: settingKey, ...data }, update: data })
}

function requireStored(all: readonly Stored[], id: string): Stored {
  const found = all.find((destination) => destination.id === id)
  if (found) return found
  throw new AppError({
    code: 'NOT_FOUND',
    operation: 'find a destination',
    subject: id,
    message: 'There is no such destination.',
    hint: 'Look at the list; it may have been removed.',
  })
}

function withoutSecret({ sealed: _sealed, ...shown }: Stored): DestinationView {
  return shown
}

function invalid(message: string, hint: string): AppError {
  return new AppError({ code: 'INVALID_INPUT', operation: 'save a destination', message, hint })
}
