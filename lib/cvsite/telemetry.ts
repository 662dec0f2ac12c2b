import type { AppTransaction } from '@/lib/database/app-client'
import type { Prisma } from '@/lib/database/generated/sqlite/client'

export interface TelemetryInput {
  readonly userId: string
  readonly type: string
  readonly path?: string
  readonly message?: string
  readonly properties?: Prisma.InputJsonObject
  readonly durationMs?: number
  readonly totalBytes?: bigint
}

/** Notes something that happened, in the transaction in which it happened. */
export async function recordTelemetry(transaction: AppTransaction, input: TelemetryInput): Promise<void> {
  // The app has no browser tracking: its own session of a user is the user's day.
  const sessionId = `web-${input.userId}-${new Date().toISOString().slice(0, 10)}`
  await transaction.telemetryEvent.create({ data: { sessionId, ...input } })
}

/** Counts one use of a feature on the present day (UTC). */
export async function recordFeatureUse(transaction: AppTransaction, userId: string, feature: string): Promise<void> {
  const now = new Date()
  const day = new Date(Date.UTC(now.getUTCFullYear(), now.getUTCMonth(), now.getUTCDate()))
  await transaction.featureUsage.upsert({
    where: { userId_feature_day: { userId, feature, day } },
    create: { userId, feature, day, count: 1, lastUsedAt: now },
    update: { count: { increment: 1 }, lastUsedAt: now },
  })
}
