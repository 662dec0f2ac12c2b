import { z } from 'zod'
import { migrationModes, sealedTargetSchema } from '@/lib/control/active-state'
import { freezeLimitSchema, switchChoiceSchema } from '@/lib/control/switch-choice'
import { errorCodes } from '@/lib/core/errors'
import { maintenanceRequestSchema } from '@/lib/core/maintenance-operations'
import { progressEventSchema } from '@/lib/core/progress'
import { repairChoiceSchema } from '@/lib/core/repair-choice'

/**
 * A job is queued by the web, claimed by one worker, and ends in exactly one of the four final states.
 *
 *   queued ──claim──> running ──> succeeded | failed | cancelled
 *     │                  └─ the worker's heartbeat stops ─> interrupted (offered again as a new job)
 *     └─ cancel ─> cancelled
 */
export const jobStatuses = ['queued', 'running', 'succeeded', 'failed', 'cancelled', 'interrupted'] as const
export type JobStatus = (typeof jobStatuses)[number]
export const finalStatuses: ReadonlySet<JobStatus> = new Set(['succeeded', 'failed', 'cancelled', 'interrupted'])

/** What each kind of job needs to know. Checked when queued and again when claimed. */
export const jobPayloads = {
  /** Copies the active SQLite database to an empty PostgreSQL one, ready to switch; read-only from then on, or followed. */
  migrate: z.object({
    target: sealedTargetSchema,
    /** Set an earlier copy of ours aside (renamed schema) when the target holds one. Default: false. */
    setAside: z.boolean().default(false),
    /** live: the app goes on writing. Absent: read-only, as jobs of earlier versions mean it. */
    mode: z.enum(migrationModes).optional(),
    /** Repairs that the administrator chose. Default: none, and nothing is altered. */
    choices: z.array(repairChoiceSchema).max(1_000).optional(),
    /** When a live copy is switched to. Absent: when somebody says so. */
    switch: switchChoiceSchema.optional(),
  }),
  /** Asks everything that can be known before a migration to this target, writes nothing, and keeps a report. */
  preflight: z.object({ target: sealedTargetSchema }),
  /** Counts every table on both sides and keeps a report. */
  verify: z.object({}),
  /** Copies rows that differ once more, from SQLite to the finished copy, and compares their tables again. */
  recopy: z.object({
    tables: z.array(z.string().min(1)).min(1).max(500),
    /** Only these rows; absent: every row of the tables that differs. */
    rows: z
      .array(z.object({ table: z.string(), key: z.record(z.string(), z.string()) }))
      .max(1_000)
      .optional(),
  }),
  /** Tries the app's functions on the active database, leaving nothing behind, and keeps a report. */
  functions: z.object({}),
  /** Switches the app to the migrated PostgreSQL database. */
  cutover: z.object({
    /** How long writes may wait before the switch of an app that goes on writing is given up and tried again. Default: 800. */
    freezeLimitMs: freezeLimitSchema.optional(),
    /** Set by a plan: after it the switch is no longer wanted. */
    notAfter: z.iso.datetime().optional(),
  }),
  /** Gives up a finished copy: the target as empty as it was found, the app writing on SQLite again. */
  discard: z.object({}),
  /** Switches the app back to SQLite, with everything that was written on PostgreSQL since. */
  rollback: z.object({
    /** As for the cut-over. */
    freezeLimitMs: freezeLimitSchema.optional(),
  }),
  /** Brings the copy that the app was switched back from up to date: only what was written since. */
  forward: z.object({}),
  /** Notes no longer what is written for a way forward: the copy that was left stays there, and is not gone on with. */
  forget: z.object({}),
  /** Keeps PostgreSQL for good: the SQLite file archived, and nothing noted for a way back any more. */
  finish: z.object({
    /** What becomes of the SQLite file once it is archived. */
    original: z.enum(['keep', 'remove']).default('keep'),
    /** Whether the copy's mark and the record of its structure stay in PostgreSQL. */
    keepRecord: z.boolean().default(true),
  }),
  /** Makes a backup of the active database and its files, and restores it for a trial. */
  backup: z.object({
    /** Whether `.env` is taken along; only into an encrypted archive. */
    includeEnvironment: z.boolean().default(false),
    /** Default: as the policy of the backups says. true fails where no key is set. */
    encrypt: z.boolean().optional(),
    /** What PostgreSQL is dumped with. */
    format: z.enum(['auto', 'custom', 'plain', 'portable']).default('auto'),
    trial: z.boolean().default(true),
    origin: z.enum(['manual', 'scheduled']).default('manual'),
  }),
  /** Brings a backup back into the app that runs; what was written since is lost but for the safety backup. */
  restore: z.object({
    backupId: z.string(),
    parts: z.enum(['all', 'database', 'files']),
    /** A passphrase or private key that somebody gave, sealed. */
    sealedKey: z.string().nullable(),
    /** Id of the destination whose copy is restored. Default: the archive on this machine, or else the nearest copy. */
    from: z.string().nullable().default(null),
  }),
  /** Maintenance of the active database: a closed list of statements. */
  maintain: maintenanceRequestSchema,
  /** Restores a backup that was made earlier for a trial. */
  trial: z.object({
    backupId: z.string(),
    /** A passphrase or private key that somebody gave, sealed. */
    sealedKey: z.string().nullable(),
    /** Id of the destination whose copy is tried. Default: the archive on this machine, or else the nearest copy. */
    from: z.string().nullable().default(null),
  }),
  /** Copies a backup to destinations that do not have it. */
  copy: z.object({
    backupId: z.string(),
    /** Null: to all that are enabled. */
    destinationIds: z.array(z.string()).max(50).nullable(),
  }),
  /** Checks an archive from elsewhere and takes it into the list. */
  import: z.object({
    origin: z.discriminatedUnion('kind', [
      z.object({ kind: z.literal('upload'), uploadId: z.string() }),
      z.object({ kind: z.literal('destination'), destinationId: z.string(), key: z.string() }),
    ]),
    /** A passphrase or private key that somebody gave, sealed. */
    sealedKey: z.string().nullable(),
  }),
} as const

export type JobKind = keyof typeof jobPayloads
export const jobKinds = Object.keys(jobPayloads) as readonly JobKind[]
export type JobPayload<K extends JobKind> = z.infer<(typeof jobPayloads)[K]>

/** Kinds that change or read both databases as a whole; they hold the one lease while they run. */
export const exclusiveKinds: ReadonlySet<JobKind> = new Set([
  'migrate',
  'recopy',
  'cutover',
  'discard',
  'rollback',
  'forward',
  'forget',
  'finish',
  'restore',
  'maintain',
])

/** Kinds that move the app from one database to the other: what the Migration page is about. */
export const migrationKinds: ReadonlySet<JobKind> = new Set(['migrate', 'cutover', 'discard', 'rollback', 'forward', 'forget', 'finish'])

/** Kinds of which one at a time waits or runs; a second is refused kindly. */
export const soloKinds: ReadonlySet<JobKind> = new Set(['backup', 'trial', 'copy', 'import'])

/** What a job's event stream carries: the library's progress, and the job's own changes of status. */
export const jobEventSchema = z.discriminatedUnion('type', [
  ...progressEventSchema.options,
  z.object({ type: z.literal('status'), status: z.enum(jobStatuses), attempt: z.number().int().optional() }),
])
export type JobEvent = z.infer<typeof jobEventSchema>

export const jobErrorSchema = z.object({
  code: z.enum(errorCodes),
  message: z.string(),
  hint: z.string().optional(),
  subject: z.string().optional(),
  retryable: z.boolean(),
})

/** A job as REST answers carry it. Dates are ISO 8601 in UTC. */
export const jobViewSchema = z.object({
  id: z.string(),
  kind: z.enum([
    'migrate',
    'preflight',
    'verify',
    'recopy',
    'functions',
    'cutover',
    'discard',
    'rollback',
    'forward',
    'forget',
    'finish',
    'backup',
    'trial',
    'copy',
    'import',
    'restore',
    'maintain',
  ]),
  status: z.enum(jobStatuses),
  requestedBy: z.string(),
  createdAt: z.iso.datetime(),
  startedAt: z.iso.datetime().nullable(),
  finishedAt: z.iso.datetime().nullable(),
  cancelRequestedAt: z.iso.datetime().nullable(),
  attempt: z.number().int(),
  lastEventSeq: z.number().int(),
  retryOfId: z.string().nullable(),
  /** Target label of a migration; never a URL with its password. */
  targetLabel: z.string().nullable(),
  result: z.unknown().nullable(),
  error: jobErrorSchema.nullable(),
})
export type JobView = z.infer<typeof jobViewSchema>

/** One stored event with its number, as the stream and the log page carry it. */
export const numberedEventSchema = z.object({ seq: z.number().int().positive(), at: z.iso.datetime(), event: jobEventSchema })
export type NumberedEvent = z.infer<typeof numberedEventSchema>
