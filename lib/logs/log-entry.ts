import { z } from 'zod'

export const logLevels = ['debug', 'info', 'warn', 'error'] as const
export type LogLevel = (typeof logLevels)[number]
export const logSources = ['web', 'worker', 'jobs'] as const
export type LogSource = (typeof logSources)[number]

export const logEntrySchema = z.object({
  /** Tells it from every other line: file and place, or job and number. */
  id: z.string(),
  at: z.iso.datetime(),
  level: z.enum(logLevels),
  source: z.enum(logSources),
  text: z.string(),
  /** What the line holds besides, as JSON; null when nothing. */
  detail: z.string().nullable(),
  jobId: z.string().nullable(),
})
export type LogEntry = z.infer<typeof logEntrySchema>

/** What is looked for. All that is given must hold. */
export const logQuerySchema = z.object({
  /** Text anywhere in the line. */
  search: z.string().max(200).default(''),
  /** The least level. */
  level: z.enum(logLevels).default('info'),
  source: z.enum(['all', ...logSources]).default('all'),
  job: z.string().max(64).default(''),
  since: z.iso.datetime().optional(),
  until: z.iso.datetime().optional(),
})
export type LogQuery = z.infer<typeof logQuerySchema>

/** What was found of PostgreSQL's own log. */
export const postgresLogSchema = z.discriminatedUnion('status', [
  z.object({ status: z.literal('not-active') }),
  z.object({ status: z.literal('read'), file: z.string(), lines: z.array(z.string()), truncated: z.boolean() }),
  z.object({
    status: z.literal('not-readable'),
    /** collector-off: it goes to the server's standard error; no-rights: the role may not read files. */
    reason: z.enum(['collector-off', 'no-rights', 'no-file']),
    destination: z.string().nullable(),
    directory: z.string().nullable(),
    /** What gives the role the right, or where to look. */
    remedy: z.string(),
  }),
])
export type PostgresLog = z.infer<typeof postgresLogSchema>

/** Whether a line is what a query asks for. */
export function matches(entry: LogEntry, { search, level, source, job, since, until }: LogQuery): boolean {
  if (logLevels.indexOf(entry.level) < logLevels.indexOf(level)) return false
  if (source !== 'all' && entry.source !== source) return false
  if (job !== '' && entry.jobId !== job) return false
  if (since !== undefined && entry.at < since) return false
  if (until !== undefined && entry.at > until) return false
  const wanted = search.trim().toLowerCase()
  return wanted === '' || `${entry.text}\n${entry.detail ?? ''}\n${entry.jobId ?? ''}`.toLowerCase().includes(wanted)
}
