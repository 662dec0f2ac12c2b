import { mutationOptions, queryOptions } from '@tanstack/react-query'
import { z } from 'zod'
import { fetchJson } from '@/components/api/fetch-json'
import type { TargetChoice } from '@/components/jobs/job-queries'
import { errorCodes } from '@/lib/core/errors'
import type { TargetInspection } from '@/lib/postgres/inspect-target'

export const migrationKeys = {
  all: ['migration'] as const,
  rollbackPreview: ['migration', 'rollback-preview'] as const,
}

/** As lib/postgres says it; its own schema cannot be loaded in a browser. */
const inspectionSchema = z.object({
  label: z.string(),
  schema: z.string(),
  serverVersion: z.string().nullable(),
  tls: z.boolean().nullable(),
  latencyMs: z.number().nonnegative().nullable(),
  sizeBytes: z.number().nonnegative().nullable(),
  isReady: z.boolean(),
  leftover: z.enum(['none', 'cleanable', 'finished', 'in-use', 'set-aside']),
  leftoverJobId: z.string().nullable(),
  checks: z.array(
    z.object({
      name: z.enum(['reachable', 'version', 'tls', 'privileges', 'empty', 'encoding', 'latency']),
      status: z.enum(['passed', 'failed', 'warning', 'unknown']),
      code: z.enum(errorCodes).nullable(),
      message: z.string(),
      hint: z.string().nullable(),
    }),
  ),
}) satisfies z.ZodType<TargetInspection>

const previewSchema = z.object({
  /** When it was counted. */
  at: z.string().optional(),
  total: z.number().int().nonnegative(),
  estimatedMs: z.number().nonnegative(),
  tables: z.array(
    z.object({
      table: z.string(),
      inserted: z.number().nonnegative(),
      updated: z.number().nonnegative(),
      deleted: z.number().nonnegative(),
    }),
  ),
})
export type RollbackPreview = z.infer<typeof previewSchema>

/** Looks at a target without changing it. */
export function testTargetMutation() {
  return mutationOptions({
    mutationFn: (choice: TargetChoice) => fetchJson('/api/targets/test', inspectionSchema, { method: 'POST', body: choice }),
  })
}

/** What would be carried to SQLite if the app went back now, and how long it would take. */
export function rollbackPreviewQuery() {
  return queryOptions({
    queryKey: migrationKeys.rollbackPreview,
    queryFn: ({ signal }) => fetchJson('/api/rollback/preview', previewSchema, { signal }),
    refetchInterval: 5_000,
    staleTime: 0,
  })
}
