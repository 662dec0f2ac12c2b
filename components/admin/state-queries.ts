import { queryOptions } from '@tanstack/react-query'
import { z } from 'zod'
import { fetchJson } from '@/components/api/fetch-json'
import { migrationModes } from '@/lib/control/active-state'
import { jobViewSchema } from '@/lib/jobs/job'

export const adminStateKey = ['admin-state'] as const

const adminStateSchema = z.object({
  state: z.object({
    status: z.enum(['on-sqlite', 'migrating', 'ready-to-switch', 'on-postgresql']),
    since: z.string().nullish(),
    /** Of a migration; absent: read-only. */
    mode: z.enum(migrationModes).nullish(),
    targetLabel: z.string().nullish(),
    jobId: z.string().nullish(),
    /** On PostgreSQL: it is kept, and there is no way back but a backup. */
    finished: z.object({ at: z.string(), archive: z.string().nullable() }).nullish(),
    /** On SQLite: the copy that the app was switched back from. */
    former: z
      .object({ at: z.string(), how: z.enum(['rolled-back', 'emergency']), targetLabel: z.string(), isNoted: z.boolean() })
      .nullish(),
  }),
  engine: z.enum(['sqlite', 'postgresql']),
  writable: z.boolean(),
  worker: z.object({ alive: z.boolean(), lastSeenAt: z.string().nullable() }),
  activeJob: jobViewSchema.nullable(),
  environmentTargetLabel: z.string().nullable(),
  /** An exclusive operation runs, or one died and a worker has yet to put things in order. */
  unsettled: z.object({ purpose: z.string(), since: z.string().nullish() }).nullish(),
})

export type AdminState = z.infer<typeof adminStateSchema>

/** Which database is active, whether the app may write, whether the worker lives, what runs now. */
export function adminStateQuery() {
  return queryOptions({
    queryKey: adminStateKey,
    queryFn: ({ signal }) => fetchJson('/api/admin/state', adminStateSchema, { signal }),
    refetchInterval: (query) => (query.state.data?.activeJob ? 2_000 : 5_000),
  })
}
