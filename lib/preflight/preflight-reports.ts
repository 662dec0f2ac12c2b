import { createHash, randomUUID } from 'node:crypto'
import type { ControlStore } from '@/lib/control/control-store'
import { AppError } from '@/lib/core/errors'
import { type PreflightResult, preflightResultSchema } from './preflight-result'

/** A kept preflight. */
export interface StoredPreflight {
  readonly id: string
  readonly jobId: string | null
  readonly createdAt: Date
  readonly requestedBy: string
  readonly result: PreflightResult
  /** SHA-256 of the stored JSON, hex. */
  readonly checksum: string
}

/** Keeps a preflight for ever. A job's is kept once, under the job's id. */
export async function savePreflight(
  store: ControlStore,
  { jobId, requestedBy, result }: { readonly jobId: string | null; readonly requestedBy: string; readonly result: PreflightResult },
): Promise<string> {
  const text = JSON.stringify(preflightResultSchema.parse(result))
  const id = jobId ?? randomUUID()
  const data = { jobId, createdAt: store.clock.now(), requestedBy, verdict: result.verdict, result: text, checksum: sha256(text) }
  await store.write((transaction) => transaction.preflightReport.upsert({ where: { id }, create: { id, ...data }, update: {} }))
  return id
}

/** The latest preflight, or null. @throws AppError CONTENT_DIFFERS when the stored text no longer has its checksum */
export async function readLatestPreflight(store: ControlStore): Promise<StoredPreflight | null> {
  const row = await store.read.preflightReport.findFirst({ orderBy: [{ createdAt: 'desc' }, { id: 'desc' }] })
  if (!row) return null
  if (sha256(row.result) !== row.checksum) {
    throw new AppError({
      code: 'CONTENT_DIFFERS',
      operation: 'read a preflight',
      subject: row.id,
      message: 'The stored preflight no longer matches its checksum.',
      hint: 'Do not rely on it: run it again.',
    })
  }
  const { id, jobId, createdAt, requestedBy, checksum } = row
  return { id, jobId, createdAt, requestedBy, checksum, result: preflightResultSchema.parse(JSON.parse(row.result)) }
}

function sha256(text: string): string {
  return createHash('sha256').update(text).digest('hex')
}
