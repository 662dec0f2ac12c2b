import { z } from 'zod'

/** An archive from elsewhere while it arrives, as it goes over the wire. A contract file. */
export const uploadViewSchema = z.object({
  id: z.string(),
  /** The name of the file where it came from; shown and used for nothing else. */
  name: z.string(),
  sizeBytes: z.number().nonnegative(),
  /** Where the next piece begins: an upload that broke off goes on there. */
  receivedBytes: z.number().nonnegative(),
  createdAt: z.iso.datetime(),
  by: z.string(),
})
export type UploadView = z.infer<typeof uploadViewSchema>

export const newUploadSchema = z.object({
  name: z.string().trim().min(1).max(200),
  sizeBytes: z
    .number()
    .int()
    .min(1)
    .max(64 * 1024 ** 3),
})
export type NewUpload = z.infer<typeof newUploadSchema>

/** A piece is at most so long, in bytes: what a request may take and what is sent again when one breaks. */
export const pieceBytes = 8 * 1024 * 1024
