import { queryOptions } from '@tanstack/react-query'
import { z } from 'zod'
import { fetchJson } from '@/components/api/fetch-json'
import { errorCodes } from '@/lib/core/errors'

export const liveKeys = {
  refusals: ['migration', 'live-refusals'] as const,
  follow: ['migration', 'follow'] as const,
}

const refusalsSchema = z.object({
  refusals: z.array(z.object({ code: z.string(), table: z.string().nullable(), hint: z.string() })),
})

const followSchema = z.object({
  follow: z
    .object({
      at: z.string(),
      status: z.enum(['following', 'waiting', 'stopped']),
      lag: z.object({ changesBehind: z.number(), secondsBehind: z.number(), changesPerSecond: z.number() }).nullable(),
      error: z.object({ code: z.enum(errorCodes), message: z.string(), hint: z.string().optional() }).nullable(),
      points: z.array(z.object({ at: z.number(), changesBehind: z.number(), secondsBehind: z.number(), changesPerSecond: z.number() })),
    })
    .nullable(),
})
export type Follow = NonNullable<z.infer<typeof followSchema>['follow']>
export type LagPoint = Follow['points'][number]

/** Why the app could not go on writing during a migration; an empty list when it can. */
export function liveRefusalsQuery() {
  return queryOptions({
    queryKey: liveKeys.refusals,
    queryFn: ({ signal }) => fetchJson('/api/migration/live', refusalsSchema, { signal }),
    select: ({ refusals }) => refusals,
  })
}

/** How far the copy is behind; null before the worker has said it for the first time. */
export function followQuery() {
  return queryOptions({
    queryKey: liveKeys.follow,
    queryFn: ({ signal }) => fetchJson('/api/migration/follow', followSchema, { signal }),
    select: ({ follow }) => follow,
    refetchInterval: 1_000,
    staleTime: 0,
  })
}
