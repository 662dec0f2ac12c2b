import { adminRoute } from '@/app/_server/api-route'
import { readLatestPreflight } from '@/lib/preflight/preflight-reports'

/** The newest preflight with its checks, plan and SQL; null before the first. */
export const GET = adminRoute({}, async ({ container }) => {
  const latest = await readLatestPreflight(container.control)
  return { report: latest && { ...latest, createdAt: latest.createdAt.toISOString() } }
})
