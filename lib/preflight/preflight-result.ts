import { z } from 'zod'
import { findingSchema } from '@/lib/core/finding'
import { checkCodes, checkGroups, checkStatuses } from './check-catalogue'

/** The verdict in one word; `decideVerdict` says how it comes about. */
export const verdicts = ['ready', 'ready-with-warnings', 'not-ready', 'unknown'] as const
export type Verdict = (typeof verdicts)[number]

export const preflightCheckSchema = z.object({
  code: z.enum(checkCodes),
  group: z.enum(checkGroups),
  status: z.enum(checkStatuses),
  /** One of the code's outcomes in the catalogue, or `unasked`. */
  outcome: z.string(),
  /** Files, tables, the target: what it is about. */
  where: z.string().nullable(),
  /** Figures for the sentence: names that end in Bytes, Ms or At are put into words where they are shown. */
  params: z.record(z.string(), z.union([z.string(), z.number()])),
  /** How many things are concerned; null where it is about one. */
  count: z.number().int().nonnegative().nullable(),
  /** Names of things concerned, the first of them. Never row values. */
  examples: z.array(z.string()),
  /** A command or SQL statement to copy; null when there is none. */
  remedy: z.string().nullable(),
  /** Why it could not be asked, or what refused: the library's own words, in English. */
  error: z.object({ code: z.string(), message: z.string(), hint: z.string().nullable() }).nullable(),
})
export type PreflightCheck = z.infer<typeof preflightCheckSchema>

export const plannedTableSchema = z.object({
  table: z.string(),
  /** Null when it could not be counted. */
  rows: z.number().int().nonnegative().nullable(),
  /** Pages of the table and its indexes in the SQLite file; null when they could not be read. */
  bytes: z.number().int().nonnegative().nullable(),
  /** 1 is copied first. */
  order: z.number().int().positive(),
  /** Estimated time of the copy of this table; null without bytes and rows. */
  estimatedMs: z.number().nonnegative().nullable(),
})

export const planSchema = z.object({
  tables: z.array(plannedTableSchema),
  rows: z.number().int().nonnegative().nullable(),
  bytes: z.number().int().nonnegative(),
  /** The whole migration from click to counts; null when nothing could be estimated. */
  estimatedMs: z.number().nonnegative().nullable(),
  steps: z.array(z.object({ phase: z.string(), estimatedMs: z.number().nonnegative() })),
  /** Where the speed comes from: an earlier migration here, or what was measured elsewhere. */
  estimatedFrom: z.discriminatedUnion('kind', [
    z.object({ kind: z.literal('measured'), jobId: z.string(), at: z.iso.datetime(), bytesPerSecond: z.number() }),
    z.object({ kind: z.literal('default'), bytesPerSecond: z.number() }),
  ]),
})
export type PreflightPlan = z.infer<typeof planSchema>

export const keyNames = ['CV_ENCRYPTION_KEY', 'NEXTAUTH_SECRET'] as const
export type KeyName = (typeof keyNames)[number]

export const preflightResultSchema = z.object({
  verdict: z.enum(verdicts),
  startedAt: z.iso.datetime(),
  elapsedMs: z.number().nonnegative(),
  /** Path of the source, relative where it lies below the app. */
  source: z.string(),
  /** user@host:port/database?schema, without the password. */
  target: z.string(),
  checks: z.array(preflightCheckSchema),
  /** What the migration itself found in values and structure. */
  findings: z.array(findingSchema),
  /** Groups that were left out or cut down, because the file belongs to an app that we do not know. */
  leftOut: z.array(z.enum(checkGroups)),
  /** Fingerprints of this environment's keys; never the keys. */
  fingerprints: z.array(z.object({ name: z.enum(keyNames), fingerprint: z.string() })),
  plan: planSchema.nullable(),
  /** The SQL of the target's schema; null when it could not be planned. */
  targetSchemaSql: z.string().nullable(),
})
export type PreflightResult = z.infer<typeof preflightResultSchema>
