import { z } from 'zod'
import { adminRoute } from '@/app/_server/api-route'
import { readMigratedPair } from '@/app/_server/migrated-pair'
import { recordAudit } from '@/lib/control/audit'
import { browseRows } from '@/lib/verification/browse-rows'
import { withInspection } from '@/lib/verification/inspection'

const querySchema = z.object({
  table: z.string().min(1).max(200),
  side: z.enum(['source', 'target']).default('source'),
  after: z.string().max(8_000).optional(),
  key: z.string().max(1_000).optional(),
  limit: z.coerce.number().int().min(1).max(100).default(25),
})

/** One page of a table's rows on both sides. Noted in the audit log; what a column like a password hash holds is masked. */
export const GET = adminRoute({ query: querySchema, rateLimit: 'browse' }, async ({ container, user, query, request }) => {
  const pair = await readMigratedPair(container)
  const { table, side, after, key, limit } = query
  await recordAudit(container.control, {
    actor: user.email,
    action: 'look-inside.rows',
    subject: table,
    detail: { side, after: after ?? null },
  })
  const options = { table, side, limit, ...(after === undefined ? {} : { after }), ...(key === undefined || key === '' ? {} : { key }) }
  return withInspection(pair, request.signal, (inspection) => browseRows(inspection, options))
})
