import { queryOptions } from '@tanstack/react-query'
import { z } from 'zod'
import { fetchJson } from '@/components/api/fetch-json'

const count = z.number().int().nonnegative()
const waitingSchema = z.object({ at: z.string(), total: count })

const formerSchema = z.object({
  forward: z
    .discriminatedUnion('status', [
      z.object({ status: z.literal('possible'), changes: count, estimatedMs: z.number() }),
      z.object({ status: z.literal('impossible'), obstacle: z.enum(['log-gone', 'structure-changed', 'copy-gone', 'copy-touched']) }),
      z.object({ status: z.literal('unknown'), message: z.string() }),
    ])
    .nullable(),
  emergency: z
    .object({
      at: z.string(),
      by: z.string(),
      lastKnown: waitingSchema.nullable(),
      postgres: z.discriminatedUnion('status', [
        z.object({ status: z.literal('away'), message: z.string().nullable(), lookedAt: z.string().nullable() }),
        z.object({
          status: z.literal('closed'),
          closedAt: z.string(),
          left: z
            .object({
              total: count,
              changedOnBothSides: count,
              tables: z.array(
                z.object({
                  table: z.string(),
                  inserted: count,
                  updated: count,
                  deleted: count,
                  changedOnBothSides: count,
                  withoutKey: count,
                }),
              ),
            })
            .nullable(),
          file: z.string().nullable(),
          message: z.string().nullable(),
        }),
        z.object({ status: z.literal('other'), lookedAt: z.string() }),
      ]),
    })
    .nullable(),
})
export type Former = z.infer<typeof formerSchema>
export type FormerEmergency = NonNullable<Former['emergency']>

/** The copy that the app was switched back from: whether it can be brought up to date, or what stayed behind there. */
export function formerQuery() {
  return queryOptions({
    queryKey: ['migration', 'former'],
    queryFn: ({ signal }) => fetchJson('/api/migration/former', formerSchema, { signal }),
    refetchInterval: 10_000,
  })
}
