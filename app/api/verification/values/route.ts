import { z } from 'zod'
import { adminRoute } from '@/app/_server/api-route'
import { readMigratedPair } from '@/app/_server/migrated-pair'
import { requireRecentAuthentication } from '@/app/_server/require-recent'
import { recordAudit } from '@/lib/control/audit'
import { inspectedTable, withInspection } from '@/lib/verification/inspection'
import { readValues } from '@/lib/verification/read-values'

const bodySchema = z.object({
  table: z.string().min(1).max(200),
  key: z.record(z.string().max(200), z.string().max(10_000)),
  /** Absent: all columns of the row. */
  columns: z.array(z.string().max(200)).max(200).optional(),
})

/**
 * The values of one row on both sides, read now and kept nowhere. A POST, because it reveals and is noted in the audit log
 * (the row's key, never its values), and only to somebody who just gave their password.
 */
export const POST = adminRoute({ body: bodySchema, rateLimit: 'reveal' }, async ({ container, user, body, request }) => {
  await requireRecentAuthentication(user, 'show the values of a row')
  const pair = await readMigratedPair(container)
  const { table: name, key, columns } = body
  const detail = { key: JSON.stringify(key).slice(0, 500), columns: columns?.join(', ') ?? 'all' }
  await recordAudit(container.control, { actor: user.email, action: 'values.shown', subject: name, detail })
  return withInspection(pair, request.signal, async (inspection) => {
    const { table, mapping } = inspectedTable(inspection, name)
    return { values: await readValues(inspection, table, mapping, key, columns ?? null), readAt: new Date().toISOString() }
  })
})
