import { z } from 'zod'
import { stopReasons } from '@/lib/control/switch-choice'

/** What the alarms of backups, switch and PostgreSQL are and how they are told, as it goes over the wire. A contract file. */

/**
 * backup-none           there is no backup at all
 * backup-old            the newest good one is older than it may be
 * backup-small          the newest one is far smaller than those before it
 * backup-failed         the latest attempt came to nothing
 * trial-failed          the newest one could not be restored
 * backup-untested       the newest one was not restored for a trial within the time set
 * disk-low              the folder of the backups has no room for the next one
 * destination-failed    the latest copy to a destination failed: full or unreachable
 * switch-held           a switch to PostgreSQL that was planned was not made, and is held
 * postgres-away         the app runs on PostgreSQL, which has not answered the worker for a minute
 */
export const alarmKinds = [
  'backup-none',
  'backup-old',
  'backup-small',
  'backup-failed',
  'trial-failed',
  'backup-untested',
  'disk-low',
  'destination-failed',
  'switch-held',
  'postgres-away',
] as const
export type AlarmKind = (typeof alarmKinds)[number]

/** Kinds with which the app is down, or there may be nothing to recover from; the others only want looking at. */
export const graveKinds: readonly AlarmKind[] = ['backup-none', 'backup-old', 'backup-failed', 'trial-failed', 'postgres-away']

export const channels = ['mail', 'webhook'] as const
export type Channel = (typeof channels)[number]

/** Figures of an alarm; each kind has those that its sentence wants. Dates are ISO 8601, UTC. */
export const alarmDetailSchema = z.object({
  kind: z.enum(alarmKinds),
  backupId: z.string().optional(),
  at: z.iso.datetime().optional(),
  sizeBytes: z.number().optional(),
  usualBytes: z.number().optional(),
  freeBytes: z.number().optional(),
  /** Name of a destination. */
  place: z.string().optional(),
  /** What failed, in the words of the error. */
  problem: z.string().optional(),
  /** Why a planned switch was not made. */
  reason: z.enum(stopReasons).optional(),
})
export type AlarmDetail = z.infer<typeof alarmDetailSchema>

/** How one message about an alarm fared on one channel. */
export const deliverySchema = z.object({
  channel: z.enum(channels),
  about: z.enum(['raised', 'cleared']),
  status: z.enum(['sent', 'waiting']),
  attempts: z.number().int(),
  at: z.iso.datetime(),
  /** When a waiting one is tried again. */
  nextAt: z.iso.datetime().nullable(),
  problem: z.string().nullable(),
})
export type Delivery = z.infer<typeof deliverySchema>

export const alarmSchema = z.object({
  id: z.string(),
  detail: alarmDetailSchema,
  raisedAt: z.iso.datetime(),
  clearedAt: z.iso.datetime().nullable(),
  sent: z.array(deliverySchema),
})
export type Alarm = z.infer<typeof alarmSchema>

const address = z.email().max(200)
const optionalSecret = z.string().min(1).max(500).nullable()

export const mailSecurities = ['tls', 'starttls', 'none'] as const

/** What an admin sets. A secret that is null stays as it is kept. */
export const alarmSettingsInputSchema = z.object({
  /** The newest good backup may be so old. */
  maxAgeHours: z.number().int().min(1).max(8760),
  /** It must have been restored for a trial after so long. */
  untestedAfterHours: z.number().int().min(1).max(8760),
  /** Smaller than so many percent of those before it is too small; 0: never. */
  smallPercent: z.number().int().min(0).max(99),
  /** Language of the messages. */
  locale: z.enum(['en', 'fr']),
  mail: z.object({
    enabled: z.boolean(),
    host: z
      .string()
      .trim()
      .max(253)
      .regex(/^[A-Za-z0-9.:_-]*$/, 'must be a host'),
    port: z.number().int().min(1).max(65_535),
    /** tls: from the first byte. starttls: required before anything is said. none: only inside one's own network. */
    security: z.enum(mailSecurities),
    user: z.string().trim().max(200),
    password: optionalSecret,
    from: address.or(z.literal('')),
    to: z.array(address).max(20),
  }),
  webhook: z.object({
    enabled: z.boolean(),
    /** Kept as a secret: many hold one. */
    url: z.string().trim().max(2_000).nullable(),
    secret: optionalSecret,
  }),
})
export type AlarmSettingsInput = z.infer<typeof alarmSettingsInputSchema>

/** The same as pages may see it: whether there is a secret, and of the webhook only the host. */
export const alarmSettingsViewSchema = alarmSettingsInputSchema.omit({ mail: true, webhook: true }).extend({
  mail: alarmSettingsInputSchema.shape.mail.omit({ password: true }).extend({ hasPassword: z.boolean() }),
  webhook: z.object({ enabled: z.boolean(), host: z.string().nullable(), hasSecret: z.boolean() }),
  /** Whether a token for /api/health was made. */
  hasHealthToken: z.boolean(),
})
export type AlarmSettingsView = z.infer<typeof alarmSettingsViewSchema>

export const channelTestSchema = z.object({ status: z.enum(['sent', 'failed']), problem: z.string().nullable() })
