import { mutationOptions, queryOptions } from '@tanstack/react-query'
import { z } from 'zod'
import { fetchJson } from '@/components/api/fetch-json'

export const settingsKeys = { sessions: ['settings', 'sessions'] as const }

const sessionSchema = z.object({ signedInAt: z.iso.datetime(), endedAt: z.iso.datetime().nullable() })

/** Since when this session lasts, and when all earlier ones were ended last. */
export function sessionsQuery() {
  return queryOptions({
    queryKey: settingsKeys.sessions,
    queryFn: ({ signal }) => fetchJson('/api/settings/sessions', sessionSchema, { signal }),
  })
}

/** Signs this person out everywhere, here too. */
export function endSessionsMutation() {
  return mutationOptions({
    mutationFn: () => fetchJson('/api/settings/sessions', z.object({ endedAt: z.iso.datetime() }), { method: 'DELETE' }),
  })
}
