import { AppError } from '@/lib/core/errors'
import type { AppTransaction } from '@/lib/database/app-client'
import type { CreditReason } from '@/lib/database/generated/sqlite/enums'

/** What a CV costs, by how it came about. */
export const creditCosts = { WRITTEN: 1, UPLOADED: 1 } as const

export interface CreditEntry {
  readonly userId: string
  /** Positive, in credits. */
  readonly amount: number
  readonly reason: CreditReason
  readonly note: string | null
}

/**
 * Gives credits: a row in the ledger and the balance raised by the same, in the caller's transaction, so that
 * a balance is the sum of its user's rows at any time.
 */
export async function giveCredits(transaction: AppTransaction, { userId, amount, reason, note }: CreditEntry): Promise<void> {
  await transaction.creditBalance.upsert({
    where: { userId },
    create: { userId, balance: amount },
    update: { balance: { increment: amount } },
  })
  await transaction.creditTransaction.create({ data: { userId, amount, reason, note } })
}

/**
 * Spends credits. The condition stands in the update itself, so that two requests at once cannot spend the
 * same credit on either engine.
 *
 * @throws AppError STATE_CONFLICT when the balance is too low; the caller's transaction is rolled back by it
 */
export async function spendCredits(transaction: AppTransaction, { userId, amount, reason, note }: CreditEntry): Promise<void> {
  const { count } = await transaction.creditBalance.updateMany({
    where: { userId, balance: { gte: amount } },
    data: { balance: { decrement: amount } },
  })
  if (count === 0) {
    throw new AppError({
      code: 'STATE_CONFLICT',
      operation: 'spend credits',
      subject: 'credits',
      message: 'You have no credits left for this.',
      hint: 'Your plan gives new credits at the start of its next period.',
    })
  }
  await transaction.creditTransaction.create({ data: { userId, amount: -amount, reason, note } })
}
