import { mutationOptions, type QueryClient, queryOptions } from '@tanstack/react-query'
import { z } from 'zod'
import { fetchJson } from '@/components/api/fetch-json'
import { type SwitchChoice, switchPlanSchema } from '@/lib/control/switch-choice'

const planKey = ['migration', 'switch-plan'] as const
const answerSchema = z.object({ plan: switchPlanSchema.nullable() })

/** When the copy is switched to; null where nothing was chosen. */
export function switchPlanQuery() {
  return queryOptions({
    queryKey: planKey,
    queryFn: ({ signal }) => fetchJson('/api/migration/switch-plan', answerSchema, { signal }),
    select: ({ plan }) => plan,
    refetchInterval: 5_000,
  })
}

export function chooseSwitchMutation(queryClient: QueryClient) {
  return mutationOptions({
    mutationFn: (choice: SwitchChoice) => fetchJson('/api/migration/switch-plan', answerSchema, { method: 'PUT', body: choice }),
    onSettled: () => queryClient.invalidateQueries({ queryKey: planKey }),
  })
}
