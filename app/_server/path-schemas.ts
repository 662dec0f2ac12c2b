import { z } from 'zod'

/** A path with one id of ours in it. */
export const idParamsSchema = z.object({ id: z.string().min(1).max(100) })
