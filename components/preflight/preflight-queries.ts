import { mutationOptions, type QueryClient, queryOptions } from '@tanstack/react-query'
import { z } from 'zod'
import { fetchJson } from '@/components/api/fetch-json'
import { keyNames, preflightResultSchema } from '@/lib/preflight/preflight-result'

export const preflightKeys = {
  all: ['preflight'] as const,
  latest: ['preflight', 'latest'] as const,
  keys: ['preflight', 'keys'] as const,
}

const storedSchema = z.object({
  id: z.string(),
  jobId: z.string().nullable(),
  createdAt: z.iso.datetime(),
  requestedBy: z.string(),
  result: preflightResultSchema,
})
export type StoredPreflight = z.infer<typeof storedSchema>

const watchedKeySchema = z.object({
  name: z.enum(keyNames),
  fingerprint: z.string(),
  status: z.enum(['first', 'same', 'changed']),
  accepted: z.string(),
  acceptedAt: z.iso.datetime(),
  changedAt: z.iso.datetime().nullable(),
})
export type WatchedKey = z.infer<typeof watchedKeySchema>

const keysSchema = z.object({
  keys: z.array(watchedKeySchema),
  compared: z.object({ at: z.iso.datetime(), by: z.string(), fingerprints: z.record(z.string(), z.string()) }).nullable(),
})
export type WatchedKeys = z.infer<typeof keysSchema>

/** The newest preflight; null before the first. */
export function latestPreflightQuery() {
  return queryOptions({
    queryKey: preflightKeys.latest,
    queryFn: ({ signal }) => fetchJson('/api/preflight', z.object({ report: storedSchema.nullable() }), { signal }),
    select: (answer) => answer.report,
  })
}

/** Fingerprints of the keys, and whether they are those of before. */
export function keysQuery() {
  return queryOptions({
    queryKey: preflightKeys.keys,
    queryFn: ({ signal }) => fetchJson('/api/keys', keysSchema, { signal }),
  })
}

/** Keeps another environment's fingerprints, out of a pasted text. */
export function compareKeysMutation(queryClient: QueryClient) {
  return mutationOptions({
    mutationFn: (text: string) => fetchJson('/api/keys/compare', z.unknown(), { method: 'POST', body: { text } }),
    onSuccess: () => queryClient.invalidateQueries({ queryKey: preflightKeys.keys }),
  })
}

export interface Acknowledgement {
  readonly name: WatchedKey['name']
  readonly fingerprint: string
  /** What the admin typed: the key's name. */
  readonly confirmation: string
}

/** Accepts a changed key. The server wants the password first when it was not given lately. */
export function acknowledgeKeyMutation(queryClient: QueryClient) {
  return mutationOptions({
    mutationFn: (acknowledgement: Acknowledgement) =>
      fetchJson('/api/keys/acknowledge', z.unknown(), { method: 'POST', body: acknowledgement }),
    onSuccess: () => queryClient.invalidateQueries({ queryKey: preflightKeys.keys }),
  })
}
