import { queryOptions } from '@tanstack/react-query'
import { z } from 'zod'
import { fetchJson } from '@/components/api/fetch-json'
import { type LogQuery, logEntrySchema, postgresLogSchema } from '@/lib/logs/log-entry'

export const logKeys = {
  search: (query: LogQuery) => ['logs', 'search', query] as const,
  postgres: ['logs', 'postgres'] as const,
}

const foundSchema = z.object({ entries: z.array(logEntrySchema), more: z.boolean() })

/** A query as it stands in an address; what is not asked for is left out. */
export function queryText(query: LogQuery): string {
  const given = Object.entries(query).filter(([, value]) => value !== '' && value !== undefined)
  return new URLSearchParams(given.map(([key, value]) => [key, String(value)])).toString()
}

/** The newest lines that a query asks for, newest first. */
export function logsQuery(query: LogQuery) {
  return queryOptions({
    queryKey: logKeys.search(query),
    queryFn: ({ signal }) => fetchJson(`/api/logs?${queryText(query)}`, foundSchema, { signal }),
    placeholderData: (before) => before,
    staleTime: 0,
  })
}

/** The end of PostgreSQL's own log, or how to find it. */
export function postgresLogQuery() {
  return queryOptions({
    queryKey: logKeys.postgres,
    queryFn: ({ signal }) => fetchJson('/api/logs/postgres', z.object({ log: postgresLogSchema }), { signal }),
    select: (answer) => answer.log,
  })
}
