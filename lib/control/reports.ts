import { createHash, randomUUID } from 'node:crypto'
import { type ZodType, z } from 'zod'
import { AppError } from '@/lib/core/errors'
import { appendAudit } from './audit'
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
  /** Computes the checksum anew and holds it against the two that are kept. @throws AppError NOT_FOUND */
  recheck(id: string): Promise<Recheck>
}

export interface Recheck {
  /** Whether all checksums that are known are the same. */
  readonly isUnchanged: boolean
  /** Of the stored text, computed now. */
  readonly computed: string
  /** As it was kept beside the report. */
  readonly stored: string
  /** As the audit log has it since the report was made; null for reports of the first release, which it knows nothing of. */
  readonly audited: string | null
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
      await store.write(async (transaction) => {
        if (await transaction.verificationReport.findUnique({ where: { id }, select: { id: true } })) return
        await transaction.verificationReport.create({ data: { id, ...data } })
        // The log is append-only and apart from the report: whoever changes one has to change both.
        const detail = { checksum: data.checksum, status: result.status }
        await appendAudit(transaction, data.createdAt, { actor: requestedBy, action: auditAction, subject: id, detail })
      })
      return id
    },
    list: async (limit) => {
      const rows = await store.read.verificationReport.findMany({ orderBy: [{ createdAt: 'desc' }, { id: 'desc' }], take: limit })
      return rows.map(parse)
    },
    get: async (id) => {
      const row = await store.read.verificationReport.findUnique({ where: { id } })
      if (row) return parse(row)
      throw noReport(id)
    },
    recheck: async (id) => {
      const row = await store.read.verificationReport.findUnique({ where: { id } })
      if (!row) throw noReport(id)
      const computed = sha256(row.result)
      const entry = await store.read.auditEntry.findFirst({ where: { action: auditAction, subject: id }, orderBy: { at: 'asc' } })
      const audited = entry ? (auditDetail.safeParse(JSON.parse(entry.detail)).data?.checksum ?? null) : null
      const isUnchanged = computed === row.checksum && (audited === null || audited === computed)
      return { isUnchanged, computed, stored: row.checksum, audited }
    },
  }
}

const auditAction = 'report.kept'
const auditDetail = z.object({ checksum: z.string() })

function noReport(id: string): AppError {
  return new AppError({ code: 'NOT_FOUND', operation: 'read a report', subject: id, message: 'There is no such verification report.' })
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
