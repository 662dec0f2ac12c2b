import { z } from 'zod'
import type { JobView } from '@/lib/jobs/job'

const schema = z.object({
  reportId: z.string(),
  recopied: z.enum(['succeeded', 'failed']),
  tables: z.array(z.object({ table: z.string(), copied: z.number(), removed: z.number(), differencesAfter: z.number() })),
})

/** What a job that copied rows again came to; null for any other job, and one that has not ended well. */
export function recopyResultOf({ kind, status, result }: Pick<JobView, 'kind' | 'status' | 'result'>): z.infer<typeof schema> | null {
  if (kind !== 'recopy' || status !== 'succeeded') return null
  return schema.safeParse(result).data ?? null
}
