import type { AppDatabase } from '@/lib/database/app-database'
import type { CreditReason, SubscriptionStatus } from '@/lib/database/generated/sqlite/enums'

export interface PlanView {
  readonly slug: string
  readonly name: string
  readonly description: string
  /** Decimal digits, exact: "14.99". */
  readonly pricePerMonth: string
  /** ISO 4217. */
  readonly currency: string
  readonly monthlyCredits: number
  readonly status: SubscriptionStatus
  /** ISO 8601, UTC. */
  readonly currentPeriodEnd: string
  readonly cancelAtPeriodEnd: boolean
}

export interface CreditTransactionView {
  /** A 64-bit number, as digits. */
  readonly id: string
  readonly amount: number
  readonly reason: CreditReason
  readonly note: string | null
  /** ISO 8601, UTC. */
  readonly createdAt: string
}

export interface AccountOverview {
  /** Null for someone who has no running subscription. */
  readonly plan: PlanView | null
  readonly balance: number
  /** The latest, newest first, at most twenty. */
  readonly transactions: readonly CreditTransactionView[]
}

/** What a person's plan is, how many credits they have, and where those came from. */
export async function readAccountOverview(database: AppDatabase, userId: string): Promise<AccountOverview> {
  return database.read(async ({ subscription, creditBalance, creditTransaction }) => {
    const running = await subscription.findFirst({
      where: { userId, status: { in: ['TRIALING', 'ACTIVE', 'PAST_DUE'] } },
      include: { plan: true },
      orderBy: [{ currentPeriodEnd: 'desc' }, { id: 'asc' }],
    })
    const balance = await creditBalance.findUnique({ where: { userId } })
    const transactions = await creditTransaction.findMany({ where: { userId }, orderBy: [{ createdAt: 'desc' }, { id: 'desc' }], take: 20 })
    return {
      plan: running && {
        slug: running.plan.slug,
        name: running.plan.name,
        description: running.plan.description,
        pricePerMonth: running.plan.pricePerMonth.toFixed(),
        currency: running.plan.currency,
        monthlyCredits: running.plan.monthlyCredits,
        status: running.status,
        currentPeriodEnd: running.currentPeriodEnd.toISOString(),
        cancelAtPeriodEnd: running.cancelAtPeriodEnd,
      },
      balance: balance?.balance ?? 0,
      transactions: transactions.map(({ id, amount, reason, note, createdAt }) => ({
        id: id.toString(),
        amount,
        reason,
        note,
        createdAt: createdAt.toISOString(),
      })),
    }
  })
}
