import { existsSync } from 'node:fs'
import { join } from 'node:path'
import { z } from 'zod'
import { appendAudit } from '@/lib/control/audit'
import type { ControlStore } from '@/lib/control/control-store'
import type { Prisma } from '@/lib/control/generated/client'
import { AppError, type ErrorReport } from '@/lib/core/errors'
import { dateOfId } from './archive-name'
import {
  type ArchiveEncryption,
  archiveEncryptionSchema,
  type BackupOrigin,
  type BackupView,
  backupErrorSchema,
  backupViewSchema,
  type PastBackup,
  type Trial,
  trialSchema,
} from './backup-view'
import type { WrittenBackup } from './create-backup'
import { toCopyView } from './destinations/copy-catalogue'
import type { DestinationView } from './destinations/destination'
import { listDestinations } from './destinations/destination-store'
import { knownKeyIds } from './key-policy'
import { manifestSummarySchema } from './manifest'

/** What is known of a backup before it is made. */
export interface BackupRequest {
  readonly id: string
  readonly origin: BackupOrigin
  readonly createdAt: Date
  readonly requestedBy: string
  readonly jobId: string | null
  readonly engine: 'sqlite' | 'postgresql'
  readonly encryption: ArchiveEncryption
}

/** The catalogue of backups in the control store, and the folder where their files lie. */
export interface BackupCatalogue {
  readonly store: ControlStore
  readonly folder: string
}

/** Lists an archive that is whole. */
export async function noteWritten(
  { store }: BackupCatalogue,
  request: BackupRequest,
  written: WrittenBackup,
  foreign = false,
): Promise<void> {
  const finishedAt = store.clock.now()
  await store.write(async (transaction) => {
    await transaction.backup.create({
      data: {
        ...common(request),
        status: 'written',
        finishedAt,
        fileName: written.fileName,
        sizeBytes: written.sizeBytes,
        sha256: written.sha256,
        format: written.manifest.database.format,
        foreign,
        manifest: JSON.stringify(manifestSummarySchema.parse(written.manifest)),
      },
    })
    const detail = {
      origin: request.origin,
      sizeBytes: written.sizeBytes,
      encrypted: request.encryption.kind,
      environment: written.manifest.environment,
    }
    await appendAudit(transaction, finishedAt, { actor: request.requestedBy, action: 'backup.written', subject: request.id, detail })
  })
}

/** Notes how a trial restore came out. */
export async function noteTrial({ store }: BackupCatalogue, id: string, trial: Trial): Promise<void> {
  const text = JSON.stringify(trialSchema.parse(trial))
  await store.write((transaction) => transaction.backup.updateMany({ where: { id }, data: { trial: text, finishedAt: store.clock.now() } }))
}

/** Notes an attempt that came to nothing. */
export async function noteFailed({ store }: BackupCatalogue, request: BackupRequest, error: ErrorReport): Promise<void> {
  const finishedAt = store.clock.now()
  const text = JSON.stringify(backupErrorSchema.parse(error))
  await store.write(async (transaction) => {
    await transaction.backup.create({ data: { ...common(request), status: 'failed', finishedAt, error: text } })
    const detail = { origin: request.origin, code: error.code }
    await appendAudit(transaction, finishedAt, { actor: request.requestedBy, action: 'backup.failed', subject: request.id, detail })
  })
}

/** The newest backups first, failed ones among them. */
export async function listBackups(catalogue: BackupCatalogue, limit = 500): Promise<readonly BackupView[]> {
  const rows = await catalogue.store.read.backup.findMany({ orderBy: [{ createdAt: 'desc' }, { id: 'desc' }], take: limit, include })
  const known = await readKnown(catalogue)
  return rows.map((row) => toView(row, known))
}

/** @throws AppError NOT_FOUND */
export async function getBackup(catalogue: BackupCatalogue, id: string): Promise<BackupView> {
  const row = await catalogue.store.read.backup.findUnique({ where: { id }, include })
  if (row) return toView(row, await readKnown(catalogue))
  throw new AppError({
    code: 'NOT_FOUND',
    operation: 'find a backup',
    subject: id,
    message: 'There is no such backup.',
    hint: 'Look at the list; it may have been deleted.',
  })
}

/** Where the archive of a backup lies. @throws AppError NOT_FOUND when there is none */
export function archivePath({ folder }: BackupCatalogue, backup: BackupView): string {
  if (backup.fileName !== null && backup.present) return join(/*turbopackIgnore: true*/ folder, backup.fileName)
  throw new AppError({
    code: 'NOT_FOUND',
    operation: 'open a backup',
    subject: backup.id,
    message: 'The file of this backup is not there.',
    hint: 'Look whether it was moved or deleted by hand; use another backup.',
  })
}

/** Keeps a backup from retention, or gives it free. @throws AppError NOT_FOUND */
export async function setLocked({ store }: BackupCatalogue, id: string, locked: boolean, actor: string): Promise<void> {
  const at = store.clock.now()
  await store.write(async (transaction) => {
    const { count } = await transaction.backup.updateMany({ where: { id, status: 'written' }, data: { locked } })
    if (count !== 1) throw new AppError({ code: 'NOT_FOUND', operation: 'lock a backup', subject: id, message: 'There is no such backup.' })
    await appendAudit(transaction, at, { actor, action: locked ? 'backup.locked' : 'backup.unlocked', subject: id })
  })
}

/** Forgets a backup. The file is the caller's, who removes it first: a file without a row would be nobody's. */
export async function forgetBackup({ store }: BackupCatalogue, id: string, actor: string, reason: string): Promise<void> {
  const at = store.clock.now()
  await store.write(async (transaction) => {
    const row = await transaction.backup.findUnique({ where: { id }, select: { status: true, trial: true, createdAt: true } })
    const { count } = await transaction.backup.deleteMany({ where: { id } })
    if (count !== 1 || row === null) return
    const tested = trialSchema.nullable().catch(null).parse(json(row.trial))?.status === 'passed'
    await appendAudit(transaction, at, {
      actor,
      action: deletedAction,
      subject: id,
      detail: { reason, status: row.status, tested, createdAt: row.createdAt.toISOString() },
    })
  })
}

/** Backups that were whole and have been deleted since a moment, the newest first: what the audit log says of them. */
export async function listPastBackups({ store }: Pick<BackupCatalogue, 'store'>, since: Date): Promise<readonly PastBackup[]> {
  const rows = await store.read.auditEntry.findMany({ where: { action: deletedAction, at: { gte: since } }, orderBy: { at: 'desc' } })
  return rows.flatMap(({ subject: id, at, detail }) => {
    const { status, tested, reason, createdAt = dateOfId(id)?.toISOString() } = pastDetail.parse(json(detail))
    return status === 'written' && reason !== unfinished && createdAt !== undefined
      ? [{ id, createdAt, deletedAt: at.toISOString(), tested }]
      : []
  })
}

/** Why the row of a backup goes that was listed and did not come to its end. */
export const unfinished = 'cancelled or failed'

const deletedAction = 'backup.deleted'
/** Entries of earlier versions do not say whether there was an archive. */
const pastDetail = z.object({
  status: z.string().default('unknown'),
  tested: z.boolean().default(false),
  reason: z.string(),
  createdAt: z.iso.datetime().optional(),
})

function common({ id, origin, createdAt, requestedBy, jobId, engine, encryption }: BackupRequest) {
  return { id, origin, createdAt, requestedBy, jobId, engine, encryption: JSON.stringify(encryption) }
}

const json = (text: string | null): unknown => (text === null ? null : JSON.parse(text))

const include = { copies: { orderBy: { destinationId: 'asc' } } } as const

/** What a row alone does not say. */
interface Known {
  readonly folder: string
  readonly keyIds: ReadonlySet<string>
  readonly destinations: readonly DestinationView[]
}

async function readKnown({ store, folder }: BackupCatalogue): Promise<Known> {
  return { folder, keyIds: await knownKeyIds(store), destinations: await listDestinations(store) }
}

type Row = Prisma.BackupModel & { readonly copies: readonly Prisma.BackupCopyModel[] }

function toView(row: Row, { folder, keyIds, destinations }: Known): BackupView {
  const encryption = archiveEncryptionSchema.parse(json(row.encryption))
  const keyKnown =
    encryption.kind === 'none' || (encryption.kind === 'passphrase' && encryption.keyId !== null && keyIds.has(encryption.keyId))
  return backupViewSchema.parse({
    ...row,
    createdAt: row.createdAt.toISOString(),
    finishedAt: row.finishedAt.toISOString(),
    sizeBytes: row.sizeBytes === null ? null : Number(row.sizeBytes),
    encryption,
    keyKnown,
    manifest: json(row.manifest),
    trial: json(row.trial),
    error: json(row.error),
    present: row.fileName !== null && existsSync(join(/*turbopackIgnore: true*/ folder, row.fileName)),
    copies: row.copies.map((copy) => toCopyView(copy, destinations)),
  } satisfies Record<keyof z.input<typeof backupViewSchema>, unknown>)
}
