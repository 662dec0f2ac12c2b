import { z } from 'zod'
import { errorCodes } from '@/lib/core/errors'

/** When a copy that follows the app is switched to, as it goes over the wire. A contract file. */

/** How long writes may wait for a switch before it is given up and tried again, in milliseconds. */
export const freezeLimit = { least: 100, most: 10_000, usual: 800 } as const
export const freezeLimitSchema = z.number().int().min(freezeLimit.least).max(freezeLimit.most)

/** How long after a set time the switch may still be made, in minutes. */
export const switchWindow = { least: 5, most: 24 * 60, usual: 60 } as const

export const switchWhens = ['held', 'when-ready', 'at'] as const
export type SwitchWhen = (typeof switchWhens)[number]

/** What an admin chooses. */
export const switchChoiceSchema = z.object({
  when: z.discriminatedUnion('kind', [
    /** Until somebody says "now". */
    z.object({ kind: z.literal('held') }),
    /** As soon as the copy was proved and follows. */
    z.object({ kind: z.literal('when-ready') }),
    /** At a moment, or as soon after it as the copy is ready, within the window; later it is held. */
    z.object({
      kind: z.literal('at'),
      at: z.iso.datetime(),
      /** In which the time was chosen and is shown: an IANA name, Europe/Paris. */
      zone: z.string().trim().min(1).max(60),
      windowMinutes: z.number().int().min(switchWindow.least).max(switchWindow.most).default(switchWindow.usual),
    }),
  ]),
  freezeLimitMs: freezeLimitSchema.default(freezeLimit.usual),
})
export type SwitchChoice = z.infer<typeof switchChoiceSchema>

export const heldChoice: SwitchChoice = { when: { kind: 'held' }, freezeLimitMs: freezeLimit.usual }

/**
 * Why a planned switch was not made and is held from then on:
 *
 * worker-away     no worker ran between the time and the end of the window
 * not-ready       the copy was not finished and proved by the end of the window
 * not-following   it was, but could not follow the app: PostgreSQL was away, or a row was in the way
 * busy            another job was in the way until the end of the window
 * failed          it was tried, and what went wrong does not go away by trying again
 * tried-often     it was tried as often as is sensible
 * no-copy         the migration did not succeed
 */
export const stopReasons = ['worker-away', 'not-ready', 'not-following', 'busy', 'failed', 'tried-often', 'no-copy'] as const
export type StopReason = (typeof stopReasons)[number]

/** What a planned switch is waiting for. */
export const switchWaits = ['time', 'copy', 'following', 'pause', 'job'] as const
export type SwitchWait = (typeof switchWaits)[number]

const attemptSchema = z.object({
  jobId: z.string(),
  at: z.iso.datetime(),
  /** Null while it runs, and when it succeeded. */
  error: z.object({ code: z.enum(errorCodes), message: z.string() }).nullable(),
})

export const switchPlanSchema = switchChoiceSchema.extend({
  /** The migration whose copy is meant. */
  jobId: z.string(),
  chosenBy: z.string(),
  chosenAt: z.iso.datetime(),
  /** Cut-overs that were started by the plan, oldest first. */
  attempts: z.array(attemptSchema),
  /** What it waited for when a worker last looked; null before the first look, and when it waits for nothing. */
  waitsFor: z.enum(switchWaits).nullable(),
  /** Set when it was given up: held from then on, until somebody chooses anew. */
  stopped: z.object({ at: z.iso.datetime(), reason: z.enum(stopReasons) }).nullable(),
})
export type SwitchPlan = z.infer<typeof switchPlanSchema>
