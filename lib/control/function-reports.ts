import { createHash } from 'node:crypto'
import type { ZodType } from 'zod'
import { AppError } from '@/lib/core/errors'
import { appendAudit } from './audit'
import type { ControlStore } from './control-store'

export interface StoredTick {
  readonly item: string
  readonly outcome: string
  /** ISO 8601, UTC. */
  readonly at: string
  readonly by: string
}

/** A report of the app's functions with what an administrator ticked off since. */
export interface StoredFunctionReport<Result> {
  readonly id: string
  readonly createdAt: Date
  readonly requestedBy: string
  readonly result: Result
  /** SHA-256 of the stored JSON, hex; the ticks are apart from it. */
  readonly checksum: string
  readonly ticks: readonly StoredTick[]
}

export interface FunctionReportStore<Result> {
  /** Keeps a report for ever; repeating the call with its id changes nothing. */
  save(input: { readonly id: string; readonly requestedBy: string; readonly result: Result }): Promise<void>
  /** Newest first. */
  list(limit: number): Promise<readonly StoredFunctionReport<Result>[]>
  /** Notes or, with null, takes back that somebody tried a point by hand. @throws AppError NOT_FOUND */
  tick(id: string, item: string, outcome: string | null, by: string): Promise<void>
}

/** The function reports of a control store, read and written through `schema`. */
export function createFunctionReportStore<Result extends { readonly status: string }>(
  store: ControlStore,
  schema: ZodType<Result>,
): FunctionReportStore<Result> {
  return {
    save: async ({ id, requestedBy, result }) => {
      const text = JSON.stringify(schema.parse(result))
      const createdAt = store.clock.now()
      const checksum = createHash('sha256').update(text).digest('hex')
      await store.write(async (transaction) => {
        if (await transaction.functionReport.findUnique({ where: { id }, select: { id: true } })) return
        await transaction.functionReport.create({ data: { id, createdAt, requestedBy, status: result.status, result: text, checksum } })
        const detail = { checksum, status: result.status }
        await appendAudit(transaction, createdAt, { actor: requestedBy, action: 'functions.kept', subject: id, detail })
      })
    },
    list: async (limit) => {
      const orderBy = [{ createdAt: 'desc' as const }, { id: 'desc' as const }]
      const rows = await store.read.functionReport.findMany({ orderBy, take: limit, include: { ticks: { orderBy: { item: 'asc' } } } })
      return rows.map(({ id, createdAt, requestedBy, result, checksum, ticks }) => ({
        id,
        createdAt,
        requestedBy,
        checksum,
        result: schema.parse(JSON.parse(result)),
        ticks: ticks.map(({ item, outcome, at, by }) => ({ item, outcome, at: at.toISOString(), by })),
      }))
    },
    tick: async (id, item, outcome, by) => {
      const at = store.clock.now()
      await store.write(async (transaction) => {
        // Decided by a write first, as everywhere: the row is locked before anything is read.
        const { count } = await transaction.functionReport.updateMany({ where: { id }, data: { id } })
        if (count !== 1) throw noReport(id)
        await transaction.functionTick.deleteMany({ where: { reportId: id, item } })
        if (outcome !== null) await transaction.functionTick.create({ data: { reportId: id, item, outcome, at, by } })
        await appendAudit(transaction, at, { actor: by, action: 'functions.ticked', subject: id, detail: { item, outcome } })
      })
    },
  }
}

function noReport(id: string): AppError {
  return new AppError({ code: 'NOT_FOUND', operation: 'tick off a function', subject: id, message: 'There is no such report.' })
}
