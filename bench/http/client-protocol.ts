import { z } from 'zod'

/** What a client process is started with. */
export const clientOptionsSchema = z.object({
  /** Begins the titles of everything that it writes. */
  name: z.string(),
  /** Addresses of the web processes; requests go to them in turns. */
  urls: z.array(z.string()).min(1),
  /** What the browser would say it is on. */
  origin: z.string(),
  people: z.array(z.object({ email: z.string(), password: z.string() })),
  /** Requests that write, a second, of this process. */
  perSecond: z.number().positive(),
})
export type ClientOptions = z.infer<typeof clientOptionsSchema>

const personResultSchema = z.object({
  email: z.string(),
  /** Titles that were answered with 201 and not deleted since: each must be there exactly once. */
  present: z.array(z.string()),
  /** Titles whose deletion was answered with 200, or whose creation was refused: none may be there. */
  absent: z.array(z.string()),
  /** Titles of requests that were never answered, or with a failure that leaves it open: there once, or not at all. */
  open: z.array(z.string()),
})
export type PersonResult = z.infer<typeof personResultSchema>

/** What a client process answers in the end. */
export const clientResultSchema = z.object({
  people: z.array(personResultSchema),
  created: z.number(),
  deleted: z.number(),
  opened: z.number(),
  /** Answers that refuse and say that the same may be asked again, by code. */
  refused: z.record(z.string(), z.number()),
  /** Requests that were cut: the web process was killed. */
  cut: z.number(),
  /** Anything else that was answered: each a fault. */
  unexpected: z.array(z.string()),
  /** When each acknowledged write began (milliseconds since 1970), how long it took, and at which web process. */
  waits: z.array(z.tuple([z.number(), z.number(), z.number()])),
})
export type ClientResult = z.infer<typeof clientResultSchema>
