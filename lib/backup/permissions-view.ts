import { z } from 'zod'

/** Rights of what the app keeps, as pages show them. A contract file. */
export const rightsSchema = z.array(
  z.object({
    path: z.string(),
    /** As `ls` says it in numbers: 600. Null when it is not there. */
    mode: z.string().nullable(),
    /** ok: for the app's own account alone. open: others may read or write it. */
    status: z.enum(['ok', 'open', 'missing']),
  }),
)
export type Rights = z.infer<typeof rightsSchema>
