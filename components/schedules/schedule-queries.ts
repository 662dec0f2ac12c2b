import { mutationOptions, type QueryClient, queryOptions } from '@tanstack/react-query'
import { z } from 'zod'
import { fetchJson } from '@/components/api/fetch-json'
import { type SchedulableKind, type ScheduleInput, scheduleSchema } from '@/lib/jobs/schedule'

export const scheduleKeys = { all: ['schedules'] as const, kind: (kind: SchedulableKind) => ['schedules', kind] as const }

/** The schedules of one kind of job. */
export function schedulesQuery(kind: SchedulableKind) {
  return queryOptions({
    queryKey: scheduleKeys.kind(kind),
    queryFn: ({ signal }) => fetchJson(`/api/schedules?kind=${kind}`, z.object({ schedules: z.array(scheduleSchema) }), { signal }),
    select: (answer) => answer.schedules,
  })
}

/** Makes a schedule, or changes the one with this id. */
export function saveScheduleMutation(queryClient: QueryClient) {
  return mutationOptions({
    mutationFn: ({ id, input }: { id: string | null; input: ScheduleInput }) =>
      fetchJson(id === null ? '/api/schedules' : `/api/schedules/${encodeURIComponent(id)}`, z.object({ schedule: scheduleSchema }), {
        method: id === null ? 'POST' : 'PUT',
        body: input,
      }),
    onSuccess: () => queryClient.invalidateQueries({ queryKey: scheduleKeys.all }),
  })
}

export function removeScheduleMutation(queryClient: QueryClient) {
  return mutationOptions({
    mutationFn: (id: string) => fetchJson(`/api/schedules/${encodeURIComponent(id)}`, z.unknown(), { method: 'DELETE' }),
    onSuccess: () => queryClient.invalidateQueries({ queryKey: scheduleKeys.all }),
  })
}
