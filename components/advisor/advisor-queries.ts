import { mutationOptions, type QueryClient, queryOptions } from '@tanstack/react-query'
import { z } from 'zod'
import { fetchJson } from '@/components/api/fetch-json'
import { adviceSchema, type Needs, needsSchema } from '@/lib/advisor/advice'

export const advisorKeys = { advice: ['advisor', 'advice'] as const }

/** Measured anew each time that the page is opened. */
export function adviceQuery() {
  return queryOptions({
    queryKey: advisorKeys.advice,
    queryFn: ({ signal }) => fetchJson('/api/advisor', adviceSchema, { signal }),
    staleTime: 30_000,
  })
}

export function saveNeedsMutation(queryClient: QueryClient) {
  return mutationOptions({
    mutationFn: (body: Needs) => fetchJson('/api/advisor/needs', z.object({ needs: needsSchema }), { method: 'POST', body }),
    onSettled: () => queryClient.invalidateQueries({ queryKey: advisorKeys.advice }),
  })
}
