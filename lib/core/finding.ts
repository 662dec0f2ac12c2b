import { z } from 'zod'
import type { FindingCode } from './finding-codes'
import { offeredChoiceSchema } from './repair-choice'

/**
 * blocks: nothing is started; repaired: would block, and was repaired by the administrator's choice; note: said only.
 * Reports of the first release also have `warning`, which is read as a note.
 */
export const severities = ['blocks', 'repaired', 'note'] as const
export type Severity = (typeof severities)[number]

/**
 * Something that a check saw in the source, the target or a value. `key` and `column` tell where;
 * the value itself never leaves the database: `shape` describes it ("text, 5 characters", "integer beyond 32 bits").
 */
export const findingSchema = z.object({
  code: z.string(),
  severity: z.preprocess((stored) => (stored === 'warning' ? 'note' : stored), z.enum(severities)),
  table: z.string().nullable(),
  /** Primary key of the first such row, as column name → printable value; null where it is not about a row. */
  key: z.record(z.string(), z.string()).nullable(),
  column: z.string().nullable(),
  /** Storage class and shape of the value, never the value. */
  shape: z.string().nullable(),
  /** How many rows or objects are concerned; 1 where it is about one thing. */
  count: z.number().int().nonnegative(),
  /** Keys of further rows, at most ten. */
  sampleKeys: z.array(z.record(z.string(), z.string())).max(10),
  /** What the sentences of messages/ (`findings.<code>`) are filled with; none in reports of the first releases. */
  params: z.record(z.string(), z.union([z.string(), z.number()])).default({}),
  /** In English, for terminals and scripts; pages word the code in the reader's language. */
  message: z.string(),
  hint: z.string(),
  /** Kind of repair, for `--fix kind=choice`; null where no safe repair is known. */
  kind: z.string().nullable().default(null),
  /** What may be chosen for these rows. */
  choices: z.array(offeredChoiceSchema).default([]),
  /** The choice that was made; null while none is. */
  chosen: z.string().nullable().default(null),
})

export type Finding = z.infer<typeof findingSchema>

export interface FindingInput
  extends Partial<Omit<Finding, 'code' | 'severity' | 'message' | 'hint'>>,
    Pick<Finding, 'severity' | 'message' | 'hint'> {
  /** Of the closed list, so that each has its sentences in both languages. */
  readonly code: FindingCode
}

/** A finding with the absent parts filled in: no table, no key, no column, one occurrence. */
export function createFinding(input: FindingInput): Finding {
  return completeFinding(input)
}

/** The same with a code that is none of the list: for what only terminals are told, never pages. */
export function completeFinding(input: Omit<FindingInput, 'code'> & Pick<Finding, 'code'>): Finding {
  const absent = { table: null, key: null, column: null, shape: null, count: 1, sampleKeys: [], params: {} }
  return { ...absent, kind: null, choices: [], chosen: null, ...input }
}
