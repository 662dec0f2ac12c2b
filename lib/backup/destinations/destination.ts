import { z } from 'zod'
import { retentionSchema } from '../retention'

/** Where copies of backups go besides the folder of the archives. A contract file. */

/** Names that S3 allows for buckets: no door to another host or path. */
const bucketPattern = /^[a-z0-9][a-z0-9.-]{1,61}[a-z0-9]$/
/** Folders inside a bucket, without a slash at either end; empty: its top. */
const prefixPattern = /^$|^[A-Za-z0-9!_.*'()-]+(\/[A-Za-z0-9!_.*'()-]+)*$/

const shared = {
  name: z.string().trim().min(1).max(80),
  /** Whether each new backup is copied there. */
  enabled: z.boolean(),
  /** What is kept there; null: everything. */
  retention: retentionSchema.nullable(),
}

export const folderPlaceSchema = z.object({
  kind: z.literal('folder'),
  /** Absolute path of a folder on another disk or a mounted share. */
  path: z
    .string()
    .trim()
    .min(2)
    .max(4_000)
    .regex(/^(\/|[A-Za-z]:[\\/])/, 'must be an absolute path'),
})

export const s3PlaceSchema = z.object({
  kind: z.literal('s3'),
  /** Scheme, host and port; null: Amazon's own for the region. */
  endpoint: z.string().trim().max(300).nullable(),
  region: z
    .string()
    .trim()
    .regex(/^[a-z0-9][a-z0-9-]{0,40}$/, 'must be a name like eu-west-3 or auto'),
  bucket: z.string().trim().regex(bucketPattern, 'must be a bucket’s name: small letters, digits, dots and hyphens'),
  prefix: z
    .string()
    .trim()
    .max(500)
    .regex(prefixPattern, 'must be folders like backups/app')
    .refine((prefix) => !prefix.split('/').some((part) => part === '.' || part === '..'), 'must not hold . or ..'),
  /** Whether the bucket stands in the path (most servers of one's own) or in the host's name. */
  pathStyle: z.boolean(),
  accessKeyId: z.string().trim().min(1).max(200),
})
export const placeSchema = z.discriminatedUnion('kind', [folderPlaceSchema, s3PlaceSchema])
export type FolderPlace = z.infer<typeof folderPlaceSchema>
export type S3Place = z.infer<typeof s3PlaceSchema>
export type Place = z.infer<typeof placeSchema>

/** A destination as somebody gives it. Without a secret access key the one that is kept stays. */
export const destinationInputSchema = z.object({
  ...shared,
  place: placeSchema,
  secretAccessKey: z.string().trim().min(1).max(500).nullable().default(null),
})
export type DestinationInput = z.infer<typeof destinationInputSchema>

/** A destination as pages may see it: never its secret. */
export const destinationViewSchema = z.object({ id: z.string(), ...shared, place: placeSchema, changedAt: z.iso.datetime() })
export type DestinationView = z.infer<typeof destinationViewSchema>

/** Why a destination did not do what was asked. */
export const destinationReasons = [
  'address-refused',
  'host-unknown',
  'unreachable',
  'connection-lost',
  'tls',
  'key-unknown',
  'secret-wrong',
  'not-allowed',
  'bucket-missing',
  'region-wrong',
  'clock',
  'full',
  'busy',
  'missing',
  'different',
  'folder-missing',
  'other',
] as const
export type DestinationReason = (typeof destinationReasons)[number]

/** The steps of a test, in order. */
export const testSteps = ['reach', 'write', 'read', 'list', 'delete'] as const
export type TestStep = (typeof testSteps)[number]

export const destinationTestSchema = z.object({
  status: z.enum(['passed', 'failed']),
  steps: z.array(
    z.object({
      step: z.enum(testSteps),
      status: z.enum(['passed', 'failed', 'skipped']),
      elapsedMs: z.number().nonnegative(),
      reason: z.enum(destinationReasons).nullable(),
      /** What the other side said, for people. */
      message: z.string().nullable(),
    }),
  ),
})
export type DestinationTest = z.infer<typeof destinationTestSchema>

export const storedArchiveSchema = z.object({ key: z.string(), sizeBytes: z.number().nonnegative(), at: z.iso.datetime() })
/** An archive that lies at a destination, whoever put it there. */
export type StoredArchive = z.infer<typeof storedArchiveSchema>
