import { createHash } from 'node:crypto'
import { AppError } from '@/lib/core/errors'
import { unreadable } from '@/lib/cv/cv-format'
import { type CvStore, newStoragePath } from '@/lib/cv/cv-store'
import type { AppTransaction } from '@/lib/database/app-client'
import type { AppDatabase } from '@/lib/database/app-database'
import { creditCosts, spendCredits } from './credits'
import { type NewCv, numberedFilename } from './cv-documents'
import { recordFeatureUse, recordTelemetry, type TelemetryInput } from './telemetry'

export interface CvDependencies {
  readonly database: AppDatabase
  readonly store: CvStore
}

/** A CV as lists and pages show it. */
export interface CvView {
  readonly id: string
  readonly title: string
  readonly filename: string
  readonly source: 'WRITTEN' | 'UPLOADED' | 'GENERATED'
  readonly contentType: string
  readonly sizeBytes: number
  /** From 0 to 1; null when it was not computed. */
  readonly matchScore: number | null
  /** ISO 8601, UTC. */
  readonly createdAt: string
}

const viewFields = {
  id: true,
  title: true,
  filename: true,
  source: true,
  contentType: true,
  sizeBytes: true,
  matchScore: true,
  createdAt: true,
} as const

/** A person's CVs, the newest first. */
export async function listCvs({ database }: Pick<CvDependencies, 'database'>, userId: string): Promise<CvView[]> {
  const rows = await database.read(({ cvFile }) =>
    cvFile.findMany({ where: { userId }, select: viewFields, orderBy: [{ createdAt: 'desc' }, { id: 'asc' }] }),
  )
  return rows.map(viewOf)
}

/**
 * Stores a CV: the encrypted file first, then its row, the credit it costs, the use and the event in one
 * transaction. When that is refused (no credits, app read-only), the file is removed again and nothing stays.
 *
 * @throws AppError STATE_CONFLICT without credits, APP_READ_ONLY, INVALID_INPUT, LOCAL_DISK_FULL
 */
export async function createCv({ database, store }: CvDependencies, userId: string, cv: NewCv): Promise<CvView> {
  const started = performance.now()
  const storagePath = newStoragePath()
  await store.write(storagePath, cv.content)
  try {
    const row = await database.write(async (transaction) => {
      await spendCredits(transaction, { userId, amount: creditCosts[cv.source], reason: 'CV_CREATED', note: cv.title })
      const created = await transaction.cvFile.create({
        data: {
          userId,
          filename: await freeFilename(transaction, userId, cv.filename),
          title: cv.title,
          source: cv.source,
          storagePath,
          contentType: cv.contentType,
          sizeBytes: cv.content.length,
          sha256: sha256(cv.content),
        },
        select: viewFields,
      })
      await recordFeatureUse(transaction, userId, cv.source === 'WRITTEN' ? 'cv.write' : 'cv.upload')
      const properties = { cvId: created.id, contentType: cv.contentType }
      const totalBytes = BigInt(cv.content.length)
      await recordTelemetry(transaction, { userId, type: 'cv.created', properties, durationMs: performance.now() - started, totalBytes })
      return created
    })
    return viewOf(row)
  } catch (error) {
    // Should this fail too, an encrypted file without a row is left: it shows nothing to anybody. So does one whose row may have
    // been saved by a database that was cut off before it said so: a row without its file would be worse.
    if (!isOpen(error)) await store.remove(storagePath).catch(() => undefined)
    throw error
  }
}

/**
 * A CV of this person, decrypted.
 *
 * @throws AppError NOT_FOUND (also for somebody else's), CV_UNREADABLE
 */
export async function openStoredCv(
  { database, store }: CvDependencies,
  userId: string,
  id: string,
  action: 'cv.opened' | 'cv.downloaded',
): Promise<{ readonly cv: CvView; readonly content: Buffer }> {
  const started = performance.now()
  const row = await database.read(({ cvFile }) =>
    cvFile.findFirst({ where: { id, userId }, select: { ...viewFields, storagePath: true, sha256: true } }),
  )
  if (!row) throw notFound()
  const content = await store.read(row.storagePath)
  if (!sha256(content).equals(row.sha256)) {
    throw unreadable(
      row.storagePath,
      'The file of the CV is not the one that its row describes.',
      'Restore database and CV folder from one backup.',
    )
  }
  const durationMs = performance.now() - started
  await recordReading(database, { userId, type: action, properties: { cvId: id }, durationMs, totalBytes: BigInt(content.length) })
  return { cv: viewOf(row), content }
}

/**
 * Deletes a CV: its row first, then its file, so that no row is ever without its file.
 *
 * @throws AppError NOT_FOUND (also for somebody else's), APP_READ_ONLY
 */
export async function deleteCv({ database, store }: CvDependencies, userId: string, id: string): Promise<void> {
  const storagePath = await database.write(async (transaction) => {
    const row = await transaction.cvFile.findFirst({ where: { id, userId }, select: { storagePath: true, contentType: true } })
    if (!row) throw notFound()
    await transaction.cvFile.delete({ where: { id } })
    await recordFeatureUse(transaction, userId, 'cv.delete')
    await recordTelemetry(transaction, { userId, type: 'cv.deleted', properties: { cvId: id, contentType: row.contentType } })
    return row.storagePath
  })
  await store.remove(storagePath)
}

/** Whether it is not known if the write was saved. */
function isOpen(error: unknown): boolean {
  return error instanceof AppError && error.code === 'TARGET_CONNECTION_LOST' && !error.retryable
}

/** Reading goes on while the app is read-only; then, and only then, its traces are not kept. */
async function recordReading(database: AppDatabase, input: TelemetryInput): Promise<void> {
  try {
    await database.write(async (transaction) => {
      await recordFeatureUse(transaction, input.userId, input.type === 'cv.opened' ? 'cv.open' : 'cv.download')
      await recordTelemetry(transaction, input)
    })
  } catch (error) {
    if (!(error instanceof AppError && error.retryable)) throw error
  }
}

/** The name itself, or the first numbered form of it that this person has not used. */
async function freeFilename(transaction: AppTransaction, userId: string, filename: string): Promise<string> {
  const rows = await transaction.cvFile.findMany({ where: { userId }, select: { filename: true } })
  const taken = new Set(rows.map((row) => row.filename))
  for (let number = 1; ; number++) {
    const candidate = number === 1 ? filename : numberedFilename(filename, number)
    if (!taken.has(candidate)) return candidate
  }
}

function viewOf(row: Omit<CvView, 'createdAt'> & { readonly createdAt: Date }): CvView {
  const { id, title, filename, source, contentType, sizeBytes, matchScore, createdAt } = row
  return { id, title, filename, source, contentType, sizeBytes, matchScore, createdAt: createdAt.toISOString() }
}

function sha256(content: Buffer): Buffer<ArrayBuffer> {
  return Buffer.from(createHash('sha256').update(content).digest())
}

function notFound(): AppError {
  return new AppError({
    code: 'NOT_FOUND',
    operation: 'open CV',
    message: 'There is no such CV.',
    hint: 'It may have been deleted. Look at the list of your CVs.',
  })
}
