import { z } from 'zod'

/** What a writing process is started with. */
export const writerOptionsSchema = z.object({
  /** Begins the keys of everything that it writes. */
  name: z.string(),
  controlPath: z.string(),
  sqlitePath: z.string(),
  secret: z.string(),
  perSecond: z.number().positive(),
})
export type WriterOptions = z.infer<typeof writerOptionsSchema>

const expectedUserSchema = z.object({ id: z.string(), email: z.string(), name: z.string(), balance: z.number() })
/** A user as it must be in the end, with as many credits as its balance says. */
export type ExpectedUser = z.infer<typeof expectedUserSchema>

/** What a writing process answers in the end. */
export const writerResultSchema = z.object({
  users: z.array(expectedUserSchema),
  /** Events written, each of which must be there. */
  events: z.number(),
  /** Writes that were answered with "try again later": none of them may be there. */
  refused: z.number(),
  /** Anything else that a write was answered with. */
  unexpected: z.array(z.string()),
  /** When each acknowledged write began (milliseconds since 1970) and how long it took. */
  waits: z.array(z.tuple([z.number(), z.number()])),
})
export type WriterResult = z.infer<typeof writerResultSchema>

/** Sent when a process begins to use the other engine; milliseconds since 1970. */
export const followedFlipSchema = z.object({ follows: z.enum(['sqlite', 'postgresql']), at: z.number() })
export type FollowedFlip = z.infer<typeof followedFlipSchema>
