import { randomUUID } from 'node:crypto'
import type { ControlStore, ControlTransaction } from './control-store'

/** Facts of an entry. Secrets and row values have no place here; what looks like one is censored all the same. */
export type AuditDetail = Readonly<Record<string, string | number | boolean | null>>

export interface AuditInput {
  /** E-mail address of a person, or "worker …", "command line", "start". */
  readonly actor: string
  /** Object and verb: "job.requested", "state.changed", "admin.refused". */
  readonly action: string
  /** What it was done to: a job's id, a state, a route. */
  readonly subject: string
  readonly detail?: AuditDetail
}

export interface AuditEntry extends Required<AuditInput> {
  readonly id: string
  readonly at: Date
}

/** Adds an entry in the transaction that does what it tells of, so that neither exists without the other. */
export async function appendAudit(transaction: ControlTransaction, at: Date, input: AuditInput): Promise<void> {
  const { actor, action, subject } = input
  const detail = JSON.stringify(censor(input.detail ?? {}))
  await transaction.auditEntry.create({
    data: { id: randomUUID(), at, actor: censorText(actor), action, subject: censorText(subject), detail },
  })
}

/** Adds an entry that stands alone: a refused attempt changes nothing else. */
export async function recordAudit(store: ControlStore, input: AuditInput): Promise<void> {
  await store.write((transaction) => appendAudit(transaction, store.clock.now(), input))
}

/** The latest entries, newest first. */
export async function listAudit(store: ControlStore, limit: number): Promise<readonly AuditEntry[]> {
  const rows = await store.read.auditEntry.findMany({ orderBy: [{ at: 'desc' }, { id: 'desc' }], take: limit })
  // Written by appendAudit alone, from a value of this type.
  return rows.map((row) => ({ ...row, detail: JSON.parse(row.detail) as AuditDetail }))
}

function censor(detail: AuditDetail): AuditDetail {
  return Object.fromEntries(
    Object.entries(detail).map(([name, value]) => {
      if (/password|secret|token|sealed/i.test(name)) return [name, '[redacted]']
      return [name, typeof value === 'string' ? censorText(value) : value]
    }),
  )
}

/** Takes the password out of anything shaped like user:password@host. */
function censorText(text: string): string {
  return text.replace(/(:\/\/[^\s:/@]*):[^\s@]*@/g, '$1:[redacted]@')
}
