import { z } from 'zod'
import { adminRoute } from '@/app/_server/api-route'
import { destinationInputSchema } from '@/lib/backup/destinations/destination'
import { openDestination, openUnsaved } from '@/lib/backup/destinations/destination-store'
import { testDestination } from '@/lib/backup/destinations/test-destination'

/** A destination that is saved, or one as it stands in the form, before it is. */
const bodySchema = z
  .object({ id: z.string().max(100).nullable(), destination: destinationInputSchema.nullable() })
  .refine(({ id, destination }) => id !== null || destination !== null, 'a destination or its id')

/** Writes, reads, lists and deletes a small object there, and says exactly what failed. */
export const POST = adminRoute({ body: bodySchema, rateLimit: 'target-test' }, async ({ container: { backups }, body, request }) => {
  const { id, destination } = body
  const storage = destination === null ? await openDestination(backups, id ?? '') : await openUnsaved(backups, id, destination)
  try {
    return { test: await testDestination(storage, request.signal) }
  } finally {
    storage.close()
  }
})
