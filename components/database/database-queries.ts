import { type QueryClient, queryOptions } from '@tanstack/react-query'
import { z } from 'zod'
import { fetchJson } from '@/components/api/fetch-json'
import { refreshJobs } from '@/components/jobs/job-queries'
import type { MaintenanceRequest } from '@/lib/core/maintenance-operations'
import { jobViewSchema } from '@/lib/jobs/job'
import {
  healthReportSchema,
  type IndexFigures,
  type LongPanel,
  postgresPanelsSchema,
  type Sequence,
  type TableFigures,
} from '@/lib/monitoring/health-report'
import { type HistoryRange, historySchema } from '@/lib/monitoring/history-points'

export const databaseKeys = {
  all: ['database'] as const,
  health: ['database', 'health'] as const,
  activity: ['database', 'activity'] as const,
  figures: (panel: LongPanel) => ['database', 'figures', panel] as const,
  history: (range: HistoryRange) => ['database', 'history', range] as const,
}

/** All panels. Not asked again while nobody looks: TanStack Query stops its intervals in a hidden tab. */
export function healthQuery() {
  return queryOptions({
    queryKey: databaseKeys.health,
    queryFn: ({ signal }) => fetchJson('/api/database/health', z.object({ report: healthReportSchema }), { signal }),
    select: (answer) => answer.report,
    refetchInterval: 30_000,
  })
}

/** The sessions, more often: they are what somebody watches while something hangs. */
export function activityQuery() {
  return queryOptions({
    queryKey: databaseKeys.activity,
    queryFn: ({ signal }) => fetchJson('/api/database/activity', z.object({ activity: postgresPanelsSchema.shape.activity }), { signal }),
    select: (answer) => answer.activity,
    refetchInterval: 5_000,
  })
}

export interface WholePanels {
  readonly tables: readonly TableFigures[]
  readonly indexes: readonly IndexFigures[]
  readonly sequences: readonly Sequence[]
}

const wholePanelsSchema = postgresPanelsSchema.pick({ tables: true, indexes: true, sequences: true }).partial()

/** A long panel in full. Fails where it is not known, which the report has said already. */
export function figuresQuery<P extends LongPanel>(panel: P) {
  return queryOptions({
    queryKey: databaseKeys.figures(panel),
    queryFn: async ({ signal }): Promise<WholePanels[P]> => {
      const answer = (await fetchJson(`/api/database/figures?panel=${panel}`, wholePanelsSchema, { signal }))[panel]
      if (answer?.status !== 'known') throw new Error(answer?.message ?? 'The answer holds no such panel.')
      // The rows of this very panel, which TypeScript does not follow through the key.
      return answer.data as unknown as WholePanels[P]
    },
    staleTime: 60_000,
  })
}

export function historyQuery(range: HistoryRange) {
  return queryOptions({
    queryKey: databaseKeys.history(range),
    queryFn: ({ signal }) => fetchJson(`/api/database/history?range=${range}`, z.object({ history: historySchema }), { signal }),
    select: (answer) => answer.history,
    refetchInterval: 60_000,
    placeholderData: (before) => before,
  })
}

/** Queues maintenance; the server may want the password first. */
export function startMaintenance(request: MaintenanceRequest) {
  return fetchJson('/api/database/maintenance', z.object({ job: jobViewSchema }), { method: 'POST', body: request })
}

export interface SessionRequest {
  readonly pid: number
  readonly startedAt: string
  readonly how: 'cancel' | 'terminate'
  /** The person was told that the session is one of ours. */
  readonly ours: boolean
}

/** Cancels a statement or ends a session; the server may want the password first. */
export function endSession(request: SessionRequest) {
  return fetchJson('/api/database/sessions', z.object({ application: z.string(), user: z.string() }), { method: 'POST', body: request })
}

export async function refreshDatabase(queryClient: QueryClient): Promise<void> {
  await Promise.all([queryClient.invalidateQueries({ queryKey: databaseKeys.all }), refreshJobs(queryClient)])
}
