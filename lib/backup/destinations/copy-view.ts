import { z } from 'zod'

/** Where copies of a backup are, as it goes over the wire. A contract file. */

/** A backup at a destination. uploaded: there, with the size and the sum that were written. */
export const copyViewSchema = z.object({
  destinationId: z.string(),
  /** Null for a destination that was removed. */
  name: z.string().nullable(),
  kind: z.enum(['folder', 's3']).nullable(),
  status: z.enum(['uploading', 'uploaded', 'failed']),
  key: z.string(),
  sizeBytes: z.number().nonnegative().nullable(),
  at: z.iso.datetime(),
  error: z.object({ code: z.string(), message: z.string(), hint: z.string().optional() }).nullable(),
})
export type CopyView = z.infer<typeof copyViewSchema>
