import { z } from 'zod'
import { readActiveSource } from '@/app/_server/active-source'
import { adminRoute } from '@/app/_server/api-route'
import { readFigures } from '@/lib/monitoring/health'
import { longPanels } from '@/lib/monitoring/health-report'

const querySchema = z.object({ panel: z.enum(longPanels) })

/** One long panel in full, for those who search it, sort it or turn its pages. */
export const GET = adminRoute({ query: querySchema, rateLimit: 'browse' }, async ({ container, query }) => ({
  [query.panel]: await readFigures(await readActiveSource(container), query.panel),
}))
