import { infiniteQueryOptions, mutationOptions, type QueryClient, queryOptions } from '@tanstack/react-query'
import { z } from 'zod'
import { adminStateKey } from '@/components/admin/state-queries'
import { fetchJson } from '@/components/api/fetch-json'
import type { MigrationMode } from '@/lib/control/active-state'
import type { SwitchChoice } from '@/lib/control/switch-choice'
import { finalStatuses, type JobView, jobViewSchema, numberedEventSchema } from '@/lib/jobs/job'

export const jobKeys = {
  all: ['jobs'] as const,
  recent: (limit: number) => ['jobs', 'recent', limit] as const,
  pages: ['jobs', 'pages'] as const,
  detail: (id: string) => ['jobs', 'detail', id] as const,
  log: (id: string) => ['jobs', 'log', id] as const,
}

const pageSchema = z.object({ jobs: z.array(jobViewSchema), nextBefore: z.string().nullable() })
const jobAnswerSchema = z.object({ job: jobViewSchema })
const eventsAnswerSchema = z.object({ events: z.array(numberedEventSchema) })

/** What POST /api/jobs takes. */
export type JobRequest =
  | { kind: 'migrate'; target: TargetChoice; setAside?: boolean; mode?: MigrationMode; switch?: SwitchChoice }
  | { kind: 'preflight'; target: TargetChoice }
  | { kind: 'verify' }
  | { kind: 'recopy'; tables: readonly string[]; rows?: readonly { table: string; key: Readonly<Record<string, string>> }[] }
  | { kind: 'functions' }
  | { kind: 'cutover'; confirmation: 'PostgreSQL' }
  | { kind: 'discard' }
  | { kind: 'rollback'; confirmation: 'SQLite'; freezeLimitMs?: number }
  | { kind: 'forward' }
  | { kind: 'forget' }
  | { kind: 'finish'; confirmation: 'PostgreSQL'; original: 'keep' | 'remove'; keepRecord: boolean }

/** Where the target's URL comes from. */
export type TargetChoice = { from: 'environment' } | { from: 'saved'; id: string } | { from: 'form'; url: string }

export function isActive(job: JobView): boolean {
  return !finalStatuses.has(job.status)
}

/** The latest jobs, newest first. */
export function recentJobsQuery(limit: number) {
  return queryOptions({
    queryKey: jobKeys.recent(limit),
    queryFn: ({ signal }) => fetchJson(`/api/jobs?limit=${limit}`, pageSchema, { signal }),
    select: (page) => page.jobs,
    refetchInterval: (query) => (query.state.data?.jobs.some(isActive) ? 2_000 : 15_000),
  })
}

/** All jobs, newest first, a page at a time. */
export function jobPagesQuery() {
  return infiniteQueryOptions({
    queryKey: jobKeys.pages,
    queryFn: ({ signal, pageParam }) =>
      fetchJson(`/api/jobs?limit=50${pageParam === null ? '' : `&before=${encodeURIComponent(pageParam)}`}`, pageSchema, { signal }),
    initialPageParam: null as string | null,
    getNextPageParam: (page) => page.nextBefore,
    refetchInterval: (query) => (query.state.data?.pages.some((page) => page.jobs.some(isActive)) ? 2_000 : 15_000),
  })
}

/** One job. The stream tells what happens in between; this is what it is reconciled with. */
export function jobQuery(id: string) {
  return queryOptions({
    queryKey: jobKeys.detail(id),
    queryFn: ({ signal }) => fetchJson(`/api/jobs/${encodeURIComponent(id)}`, jobAnswerSchema, { signal }),
    select: (answer) => answer.job,
    // The stream usually tells first; a stream that a proxy holds back must not leave the page stuck.
    // An interrupted job may be taken up again by the next worker.
    refetchInterval: (query) => {
      const job = query.state.data?.job
      if (!job) return false
      return isActive(job) ? 5_000 : job.status === 'interrupted' ? 2_000 : false
    },
  })
}

/** Stored events after a number, at most `limit`; for what a stream did not bring. */
export async function readEvents(jobId: string, after: number, limit: number, signal?: AbortSignal) {
  const path = `/api/jobs/${encodeURIComponent(jobId)}/log?after=${after}&limit=${limit}`
  const answer = await fetchJson(path, eventsAnswerSchema, signal === undefined ? {} : { signal })
  return answer.events
}

export function startJobMutation(queryClient: QueryClient) {
  return mutationOptions({
    mutationFn: (request: JobRequest) => fetchJson('/api/jobs', jobAnswerSchema, { method: 'POST', body: request }),
    onSettled: () => refreshJobs(queryClient),
  })
}

export function cancelJobMutation(queryClient: QueryClient) {
  return mutationOptions({
    mutationFn: (id: string) => fetchJson(`/api/jobs/${encodeURIComponent(id)}/cancel`, z.unknown(), { method: 'POST', body: {} }),
    onSettled: () => refreshJobs(queryClient),
  })
}

export function retryJobMutation(queryClient: QueryClient) {
  return mutationOptions({
    mutationFn: (id: string) => fetchJson(`/api/jobs/${encodeURIComponent(id)}/retry`, jobAnswerSchema, { method: 'POST', body: {} }),
    onSettled: () => refreshJobs(queryClient),
  })
}

/** Gives the password again; good for ten minutes. */
export function reauthenticateMutation() {
  return mutationOptions({
    mutationFn: (password: string) => fetchJson('/api/account/reauthenticate', z.unknown(), { method: 'POST', body: { password } }),
  })
}

/** After a job was started, changed or ended: everything that may look different now is asked for again. */
export async function refreshJobs(queryClient: QueryClient): Promise<void> {
  await Promise.all([
    queryClient.invalidateQueries({ queryKey: jobKeys.all }),
    queryClient.invalidateQueries({ queryKey: adminStateKey }),
    queryClient.invalidateQueries({ queryKey: ['overview'] }),
    queryClient.invalidateQueries({ queryKey: ['verification'] }),
    queryClient.invalidateQueries({ queryKey: ['migration'] }),
    queryClient.invalidateQueries({ queryKey: ['preflight'] }),
  ])
}
