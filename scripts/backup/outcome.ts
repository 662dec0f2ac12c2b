/** What a command answers: its exit status, the object for --json, and lines for people. */
export interface Outcome {
  readonly status: 0 | 1
  readonly result: object
  readonly lines: readonly string[]
}
