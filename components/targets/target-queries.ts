import { mutationOptions, type QueryClient, queryOptions } from '@tanstack/react-query'
import { z } from 'zod'
import { fetchJson } from '@/components/api/fetch-json'

export const targetKeys = { saved: ['targets', 'saved'] as const }

const savedSchema = z.object({ id: z.string(), name: z.string(), label: z.string(), createdAt: z.iso.datetime(), createdBy: z.string() })
export type SavedTarget = z.infer<typeof savedSchema>

const stepPurposes = ['role', 'password', 'comment', 'membership', 'database', 'grant-database', 'grant-schema'] as const
const madeSchema = z.object({
  target: savedSchema,
  steps: z.array(z.object({ purpose: z.enum(stepPurposes), shown: z.string() })),
  inspection: z.object({ isReady: z.boolean(), serverVersion: z.string().nullable(), label: z.string() }),
})
export type MadeTarget = z.infer<typeof madeSchema>

/** The saved targets; never their addresses. */
export function savedTargetsQuery() {
  return queryOptions({
    queryKey: targetKeys.saved,
    queryFn: ({ signal }) => fetchJson('/api/targets', z.object({ targets: z.array(savedSchema) }), { signal }),
    select: (answer) => answer.targets,
  })
}

export function saveTargetMutation(queryClient: QueryClient) {
  return mutationOptions({
    mutationFn: (body: { name: string; url: string }) =>
      fetchJson('/api/targets', z.object({ target: savedSchema }), { method: 'POST', body }),
    onSettled: () => queryClient.invalidateQueries({ queryKey: targetKeys.saved }),
  })
}

/** Forgets a saved target; the server may want the password first. */
export function requestRemoval(id: string) {
  return fetchJson(`/api/targets/${encodeURIComponent(id)}`, z.object({ removed: z.string() }), { method: 'DELETE' })
}

/** The statements that would make a target, with the password masked. */
export function planTargetMutation() {
  return mutationOptions({
    mutationFn: (body: { role: string; database: string; adminUrl: string }) =>
      fetchJson('/api/targets/plan', z.object({ statements: z.array(z.string()) }), { method: 'POST', body }),
  })
}

/** Makes and saves a target; the server may want the password first. */
export function requestMaking(body: { name: string; role: string; database: string; adminUrl: string }) {
  return fetchJson('/api/targets/make', madeSchema, { method: 'POST', body })
}
