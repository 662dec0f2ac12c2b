import { createHash } from 'node:crypto'
import { type ZodType, z } from 'zod'
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
  /** The ticks as they stand, signed off in the audit log by the last of them; null while nothing was ever ticked. */
  readonly signedOff: SignOff | null
}

export interface SignOff {
  /** SHA-256 of the report's checksum with the ticks, hex, computed now. */
  readonly checksum: string
  /** Whether it is what the audit log has of the last tick. */
  readonly isUnchanged: boolean
}

export interface FunctionReportStore<Result> {
  /** Keeps a report for ever; repeating the call with its id changes nothing. */
  save(input: { readonly id: string; readonly requestedBy: string; readonly result: Result }): Promise<void>
  /** Newest first. */
  list(limit: number): Promise<readonly StoredFunctionReport<Result>[]>
  /**
   * Notes or, with null, takes back that somebody tried a point by hand. Each time the report and all its ticks are signed
   * off: their checksum goes into the audit log, which is append-only. @throws AppError NOT_FOUND
   */
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
      const audited = await readSignOffs(
        store,
        rows.map(({ id }) => id),
      )
      return rows.map(({ id, createdAt, requestedBy, result, checksum, ticks: stored }) => {
        const ticks = stored.map(readTick)
        const signed = audited.get(id)
        const now = checksumOf(checksum, ticks)
        return {
          id,
          createdAt,
          requestedBy,
          checksum,
          result: schema.parse(JSON.parse(result)),
          ticks,
          signedOff: signed === undefined && ticks.length === 0 ? null : { checksum: now, isUnchanged: signed?.includes(now) ?? false },
        }
      })
    },
    tick: async (id, item, outcome, by) => {
      const at = store.clock.now()
      await store.write(async (transaction) => {
        // Decided by a write first, as everywhere: the row is locked before anything is read.
        const { count } = await transaction.functionReport.updateMany({ where: { id }, data: { id } })
        if (count !== 1) throw noReport(id)
        await transaction.functionTick.deleteMany({ where: { reportId: id, item } })
        if (outcome !== null) await transaction.functionTick.create({ data: { reportId: id, item, outcome, at, by } })
        const { checksum, ticks } = await transaction.functionReport.findUniqueOrThrow({
          where: { id },
          select: { checksum: true, ticks: { orderBy: { item: 'asc' } } },
        })
        const detail = { item, outcome, checksum: checksumOf(checksum, ticks.map(readTick)) }
        await appendAudit(transaction, at, { actor: by, action: ticked, subject: id, detail })
      })
    },
  }
}

const ticked = 'functions.ticked'
const signedSchema = z.object({ checksum: z.string() })

/** What the audit log has of the last tick of each report; of two in one millisecond both. */
async function readSignOffs(store: ControlStore, ids: readonly string[]): Promise<ReadonlyMap<string, readonly string[]>> {
  const entries = await store.read.auditEntry.findMany({ where: { action: ticked, subject: { in: [...ids] } }, orderBy: { at: 'asc' } })
  const last = new Map<string, { readonly at: number; readonly checksums: readonly string[] }>()
  for (const { subject, detail, at } of entries) {
    const signed = signedSchema.safeParse(JSON.parse(detail))
    if (!signed.success) continue
    const before = last.get(subject)
    const together = before?.at === at.getTime() ? before.checksums : []
    last.set(subject, { at: at.getTime(), checksums: [...together, signed.data.checksum] })
  }
  return new Map([...last].map(([id, { checksums }]) => [id, checksums]))
}

function readTick({ item, outcome, at, by }: { item: string; outcome: string; at: Date; by: string }): StoredTick {
  return { item, outcome, at: at.toISOString(), by }
}

function checksumOf(report: string, ticks: readonly StoredTick[]): string {
  return createHash('sha256').update(JSON.stringify({ report, ticks })).digest('hex')
}

function noReport(id: string): AppError {
  return new AppError({ code: 'NOT_FOUND', operation: 'tick off a function', subject: id, message: 'There is no such report.' })
}
