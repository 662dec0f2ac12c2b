import { adminRoute } from '@/app/_server/api-route'
import { readMigratedPair } from '@/app/_server/migrated-pair'
import { countTables } from '@/lib/verification/count-tables'

const longestCountMs = 60_000

/** Rows of every table on both sides, counted now. Nothing is remembered of it. */
export const GET = adminRoute({}, async ({ container, request }) =>
  countTables(await readMigratedPair(container), () => undefined, AbortSignal.any([request.signal, AbortSignal.timeout(longestCountMs)])),
)
