import { mutationOptions, type QueryClient, queryOptions } from '@tanstack/react-query'
import { z } from 'zod'
import { fetchJson } from '@/components/api/fetch-json'

const key = ['emergency'] as const
const count = z.number().int().nonnegative()

const waitingSchema = z.object({
  at: z.string(),
  total: count,
  estimatedMs: z.number(),
  tables: z.array(z.object({ table: z.string(), inserted: count, updated: count, deleted: count })),
})

const situationSchema = z.object({
  status: z.enum(['gone', 'undecided', 'answers', 'elsewhere']),
  /** Who has given an administrator's password. */
  person: z.string().nullable(),
  details: z
    .object({
      target: z.string(),
      since: z.string(),
      reason: z.string(),
      awaySince: z.string().nullable(),
      waiting: waitingSchema.nullable(),
    })
    .nullable(),
})
export type Situation = z.infer<typeof situationSchema>

export function situationQuery() {
  return queryOptions({
    queryKey: key,
    queryFn: ({ signal }) => fetchJson('/api/emergency', situationSchema, { signal }),
    refetchInterval: 5_000,
  })
}

export function emergencySignInMutation(queryClient: QueryClient) {
  return mutationOptions({
    mutationFn: (body: { email: string; password: string }) =>
      fetchJson('/api/emergency/sign-in', z.object({ person: z.string() }), { method: 'POST', body }),
    onSuccess: () => queryClient.invalidateQueries({ queryKey: key }),
  })
}

const doneSchema = z.object({ at: z.string(), lastKnown: waitingSchema.nullable() })

export function emergencySwitchMutation() {
  return mutationOptions({
    mutationFn: () => fetchJson('/api/emergency/switch', doneSchema, { method: 'POST', body: { confirmation: 'SQLite' } }),
  })
}
