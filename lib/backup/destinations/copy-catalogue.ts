import type { z } from 'zod'
import { appendAudit } from '@/lib/control/audit'
import type { ControlStore } from '@/lib/control/control-store'
import type { Prisma } from '@/lib/control/generated/client'
import type { ErrorReport } from '@/lib/core/errors'
import { type CopyView, copyViewSchema } from './copy-view'
import type { DestinationView } from './destination'

/** Which copy of which backup: the rows of BackupCopy. A row says "uploaded" only of what was compared there. */

export interface CopyPlace {
  readonly backupId: string
  readonly destinationId: string
}

/** Notes that a copy is about to be made, before its first byte: so a killed one is known and can be swept. */
export async function noteUploading(store: ControlStore, place: CopyPlace, key: string): Promise<void> {
  const data = { status: 'uploading', key, sizeBytes: null, at: store.clock.now(), error: null }
  await store.write((transaction) =>
    transaction.backupCopy.upsert({ where: { backupId_destinationId: place }, create: { ...place, ...data }, update: data }),
  )
}

export async function noteUploaded(
  store: ControlStore,
  place: CopyPlace,
  sizeBytes: number,
  actor: string,
  destination: string,
): Promise<void> {
  const at = store.clock.now()
  await store.write(async (transaction) => {
    const data = { status: 'uploaded', sizeBytes, at, error: null }
    await transaction.backupCopy.updateMany({ where: place, data })
    await appendAudit(transaction, at, { actor, action: 'backup.copied', subject: place.backupId, detail: { destination, sizeBytes } })
  })
}

export async function noteCopyFailed(store: ControlStore, place: CopyPlace, error: ErrorReport): Promise<void> {
  const { code, message, hint } = error
  const text = JSON.stringify({ code, message, ...(hint === undefined ? {} : { hint }) })
  const data = { status: 'failed', sizeBytes: null, at: store.clock.now(), error: text }
  await store.write((transaction) => transaction.backupCopy.updateMany({ where: place, data }))
}

/** Forgets a copy: it is not there any more. */
export async function forgetCopy(store: ControlStore, place: CopyPlace): Promise<void> {
  await store.write((transaction) => transaction.backupCopy.deleteMany({ where: place }))
}

/** Copies that were begun and of which nothing more is known: those that are being made, or whose maker was killed. */
export async function listUnfinishedCopies(store: ControlStore): Promise<readonly (CopyPlace & { readonly key: string })[]> {
  return store.read.backupCopy.findMany({
    where: { status: 'uploading' },
    select: { backupId: true, destinationId: true, key: true },
  })
}

/** A row as pages see it. */
export function toCopyView(row: Prisma.BackupCopyModel, destinations: readonly DestinationView[]): CopyView {
  const destination = destinations.find(({ id }) => id === row.destinationId)
  return copyViewSchema.parse({
    destinationId: row.destinationId,
    name: destination?.name ?? null,
    kind: destination?.place.kind ?? null,
    status: row.status,
    key: row.key,
    sizeBytes: row.sizeBytes === null ? null : Number(row.sizeBytes),
    at: row.at.toISOString(),
    error: row.error === null ? null : JSON.parse(row.error),
  } satisfies Record<keyof z.input<typeof copyViewSchema>, unknown>)
}
