import { z } from 'zod'

/** Why a table's content is unknown, or is not what its counts alone say. A contract: pages word them (`verification.cause.<code>`). */
export const tableCauseCodes = [
  'only-counted',
  'only-target',
  'only-source',
  'only-target-and-empty',
  'source-not-counted',
  'target-not-counted',
  'no-common-columns',
  'not-compared',
  'other-count',
  'columns-on-one-side',
] as const
export type TableCauseCode = (typeof tableCauseCodes)[number]

export const tableCauseSchema = z.object({
  code: z.enum(tableCauseCodes),
  /** What the sentence names. `message` is what a database said, in its own words. */
  params: z.record(z.string(), z.union([z.string(), z.number()])),
})
export type TableCause = z.infer<typeof tableCauseSchema>

/** The sentence in English, for terminals and scripts. */
export function wordTableCause({ code, params }: TableCause): string {
  switch (code) {
    case 'only-counted':
      return 'Only the rows were counted; their content was not compared.'
    case 'only-target':
      return 'The source has no table of this name.'
    case 'only-source':
      return 'The target has no table of this name.'
    case 'only-target-and-empty':
      return 'Only the target has this table, and it is empty.'
    case 'source-not-counted':
      return `The source could not be counted: ${params.message}`
    case 'target-not-counted':
      return `The target could not be counted: ${params.message}`
    case 'no-common-columns':
      return 'The two sides have no column in common.'
    case 'not-compared':
      return `The rows could not be compared: ${params.message}`
    case 'other-count':
      return `Compared ${params.sourceRows} and ${params.targetRows} rows, but counted ${params.sourceCounted} and ${params.targetCounted}.`
    case 'columns-on-one-side':
      return `Not on both sides: ${params.columns}.`
  }
}
