import { QueryClient } from '@tanstack/react-query'
import { ApiError } from './api-error'

/** Server state of one browser tab. What the server refused with a reason is not asked again; what got lost is, twice. */
export function createQueryClient(): QueryClient {
  return new QueryClient({
    defaultOptions: {
      queries: {
        staleTime: 5_000,
        retry: (failures, error) => failures < 2 && !(error instanceof ApiError && error.status < 500),
        refetchOnWindowFocus: true,
      },
      mutations: { retry: false },
    },
  })
}
