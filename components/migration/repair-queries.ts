import { mutationOptions, type QueryClient } from '@tanstack/react-query'
import { z } from 'zod'
import { fetchJson } from '@/components/api/fetch-json'
import { refreshJobs } from '@/components/jobs/job-queries'
import type { RepairChoice } from '@/lib/core/repair-choice'
import { jobViewSchema } from '@/lib/jobs/job'

/** Starts the migration again, into the same target, with these repairs. */
export function migrateWithRepairsMutation(queryClient: QueryClient) {
  return mutationOptions({
    mutationFn: ({ jobId, choices }: { jobId: string; choices: readonly RepairChoice[] }) =>
      fetchJson(repairsPath(jobId), z.object({ job: jobViewSchema }), { method: 'POST', body: { choices } }),
    onSettled: () => refreshJobs(queryClient),
  })
}

/** Where the list of a migration's repaired rows is downloaded from. */
export function repairsPath(jobId: string): string {
  return `/api/jobs/${encodeURIComponent(jobId)}/repairs`
}
