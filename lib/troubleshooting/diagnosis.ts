import { z } from 'zod'

export const outcomes = ['is', 'is-not', 'unknown'] as const
export type Outcome = (typeof outcomes)[number]

/** Everything that a test can find, and what that says of the entry it was asked for. Each has a sentence in `troubleshooting.findings`. */
export const findings = {
  'target-is': 'is',
  'target-other': 'is-not',
  'target-fine': 'is-not',
  'target-none': 'unknown',
  'target-unreached': 'unknown',
  'certificate-plain': 'is',
  'certificate-expired': 'is',
  'certificate-untrusted': 'is',
  'certificate-name': 'is',
  'certificate-other': 'is-not',
  'certificate-fine': 'is-not',
  'connections-full': 'is',
  'connections-free': 'is-not',
  'disk-full': 'is',
  'disk-room': 'is-not',
  'disk-elsewhere': 'unknown',
  'rights-lacking': 'is',
  'rights-read-only': 'is',
  'rights-other': 'is-not',
  'rights-enough': 'is-not',
  'relations-missing': 'is',
  'relations-pending': 'is',
  'relations-elsewhere': 'is',
  'relations-there': 'is-not',
  'history-none': 'is',
  'history-failed': 'is',
  'history-other': 'is-not',
  'history-fine': 'is-not',
  'sequences-behind': 'is',
  'sequences-fine': 'is-not',
  'references-broken': 'is',
  'references-unproved': 'is',
  'references-sound': 'is-not',
  'locks-waiting': 'is',
  'locks-none': 'is-not',
  'slow-indexes': 'is',
  'slow-statistics': 'is',
  'slow-distance': 'is',
  'slow-nothing': 'is-not',
  'source-is': 'is',
  'source-other': 'is-not',
  'source-fine': 'is-not',
  'source-none': 'unknown',
  'lock-held': 'is',
  'lock-free': 'is-not',
  damaged: 'is',
  sound: 'is-not',
  'environment-incomplete': 'is',
  'environment-complete': 'is-not',
  'state-read-only': 'is',
  'state-writable': 'is-not',
  'lease-held': 'is',
  'lease-free': 'is-not',
  'worker-dead': 'is',
  'worker-alive': 'is-not',
  'keys-changed': 'is',
  'keys-same': 'is-not',
  'keys-unseen': 'unknown',
  'cvs-other-key': 'is',
  'cvs-missing': 'is',
  'cvs-damaged': 'is',
  'cvs-open': 'is-not',
  'cvs-none': 'is-not',
  'pg-dump-missing': 'is',
  'pg-dump-old': 'is',
  'pg-dump-fine': 'is-not',
  'job-failed': 'is',
  'job-mended': 'is-not',
  'job-never': 'is-not',
  'refused-lately': 'is',
  'refused-never': 'is-not',
  'password-wanted': 'is',
  'signed-in': 'is-not',
  'only-the-request': 'unknown',
  'sqlite-active': 'is-not',
  unasked: 'unknown',
} as const satisfies Readonly<Record<string, Outcome>>

export type Finding = keyof typeof findings
export const findingNames = Object.keys(findings) as [Finding, ...Finding[]]

/** What the schema repair would do, and whether it may be done from here. */
export const mends = ['apply-schema', 'build-indexes', 'analyze', 'set-sequences'] as const
export type Mend = (typeof mends)[number]

export const diagnosisSchema = z.object({
  outcome: z.enum(outcomes),
  finding: z.enum(findingNames),
  /** Figures for the sentence. Names that end in Bytes, Ms or At are put into words where they are shown. */
  params: z.record(z.string(), z.union([z.string(), z.number()])),
  /** Names of tables, files, indexes concerned; never row values. */
  examples: z.array(z.string()),
  /** The entry that fits better, or that explains why nothing could be asked. */
  seeAlso: z.string().nullable(),
  /** The server's or library's own words, in English. */
  detail: z.string().nullable(),
  /** Statements or commands that mend what was found, ready to copy. */
  remedy: z.string().nullable(),
  /** The same, done from here at the press of a button. */
  mend: z.enum(mends).nullable(),
  /** What was asked: the label of the database, or the file. */
  asked: z.string().nullable(),
  elapsedMs: z.number().nonnegative(),
})
export type Diagnosis = z.infer<typeof diagnosisSchema>

/** What a test answers before it is timed. */
export type Found = { readonly finding: Finding } & Partial<Omit<Diagnosis, 'finding' | 'outcome' | 'elapsedMs'>>
