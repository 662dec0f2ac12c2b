import { createHash, randomUUID } from 'node:crypto'
import type { ZodType } from 'zod'
import { AppError } from '@/lib/core/errors'
import type { ControlStore } from './control-store'

/** A stored verification report. The result's shape belongs to lib/verification: its schema is handed in. */
export interface StoredReport<Result> {
  readonly id: string
  readonly jobId: string | null
  readonly createdAt: Date
  readonly requestedBy: string
  readonly status: string
  readonly result: Result
  /** SHA-256 of the stored JSON, hex. */
  readonly checksum: string
}

export interface ReportStore<Result> {
  /** Keeps a report for ever. A job's report is kept once: repeating the call answers the first. */
  save(input: { readonly jobId: string | null; readonly requestedBy: string; readonly result: Result }): Promise<string>
  /** Newest first. */
  list(limit: number): Promise<readonly StoredReport<Result>[]>
  /** @throws AppError NOT_FOUND, or CONTENT_DIFFERS when the stored text no longer has its checksum */
  get(id: string): Promise<StoredReport<Result>>
}

interface ReportRow {
  readonly id: string
  readonly jobId: string | null
  readonly createdAt: Date
  readonly requestedBy: string
  readonly status: string
  readonly result: string
  readonly checksum: string
}

/** The verification reports of a control store, read and written through `schema`. */
export function createReportStore<Result extends { readonly status: string }>(
  store: ControlStore,
  schema: ZodType<Result>,
): ReportStore<Result> {
  const parse = (row: ReportRow): StoredReport<Result> => ({ ...row, result: schema.parse(JSON.parse(intact(row))) })
  return {
    save: async ({ jobId, requestedBy, result }) => {
      const text = JSON.stringify(schema.parse(result))
      const id = jobId ?? randomUUID()
      const data = { jobId, createdAt: store.clock.now(), requestedBy, status: result.status, result: text, checksum: sha256(text) }
      // The job's id is the report's: a job that is repeated after a crash cannot leave two.
      await store.write((transaction) => transaction.verificationReport.upsert({ where: { id }, create: { id, ...data }, update: {} }))
      return id
    },
    list: async (limit) => {
      const rows = await store.read.verificationReport.findMany({ orderBy: [{ createdAt: 'desc' }, { id: 'desc' }], take: limit })
      return rows.map(parse)
    },
    get: async (id) => {
      const row = await store.read.verificationReport.findUnique({ where: { id } })
      if (row) return parse(row)
      throw new AppError({ code: 'NOT_FOUND', operation: 'read a report', subject: id, message: 'There is no such verification report.' })
    },
  }
}

function intact(row: ReportRow): string {
  if (sha256(row.result) === row.checksum) return row.result
  throw new AppError({
    code: 'CONTENT_DIFFERS',
    operation: 'read a report',
    subject: row.id,
    message: 'The stored verification report no longer matches its checksum.',
    hint: 'Do not rely on it: verify again.',
  })
}

function sha256(text: string): string {
  return createHash('sha256').update(text).digest('hex')
}
