import { z } from 'zod'
import { adminRoute } from '@/app/_server/api-route'
import { readHistory } from '@/lib/monitoring/history/history-store'
import { historyRanges } from '@/lib/monitoring/history-points'

const querySchema = z.object({ range: z.enum(historyRanges).default('day') })

/** What the worker measured. */
export const GET = adminRoute({ query: querySchema }, async ({ container, query }) => ({
  history: await readHistory(container.control, query.range),
}))
