import { realpath } from 'node:fs/promises'
import { resolve } from 'node:path'
import type { RepairChoice } from '@/lib/core/repair-choice'
import type { CopyMark } from '@/lib/postgres/copy-mark'
import { asTargetUrl, type TargetUrl } from '@/lib/postgres/target-url'
import packageJson from '@/package.json' with { type: 'json' }
import { defaultChunkRows } from './chunks'
import { checksumOfModel } from './model-checksum'
import { areFilesWhole, type ResumeRecord, readRecord } from './resume-record'
import type { SchemaModel } from './schema-plan'
import { readSourceState } from './source-state'

/** What decides whether a migration is the one that was cut short. */
export interface ResumeOptions {
  readonly jobId: string
  readonly sourcePath: string
  readonly targetUrl: string
  readonly workDir: string
  readonly fenceSource: boolean
  readonly live?: boolean
  readonly model: SchemaModel
  readonly chunkRows?: number
  readonly choices?: readonly RepairChoice[]
}

/**
 * none: nothing of an earlier attempt is here. resumable: all that this machine can tell says so; the target's mark has
 * the last word. impossible: an earlier attempt is here and cannot be gone on with; `reason` is one sentence.
 */
export type ResumeDecision =
  | { readonly status: 'none' }
  | { readonly status: 'resumable'; readonly record: ResumeRecord }
  | { readonly status: 'impossible'; readonly reason: string }

/** Why another value under each name means that a copy cannot be gone on with. */
const reasons: Readonly<Record<string, string>> = {
  version: 'Another version of Bascule began it.',
  source: 'It was begun from another SQLite file.',
  sourceState: 'The SQLite database may have been changed since.',
  target: 'It was begun into another target.',
  model: 'The data model was changed since.',
  chunkRows: 'It was cut into chunks of another size.',
  choices: 'Other repairs were chosen.',
}

/**
 * Looks for an earlier attempt of this job and decides by the files alone; changes nothing, asks no server.
 *
 * @param unknown names that the caller cannot tell, and that are compared later. Default: none.
 */
export async function decideResume(options: ResumeOptions, unknown: readonly string[] = []): Promise<ResumeDecision> {
  const record = await readRecord(options.workDir, options.jobId)
  if (record === null) return { status: 'none' }
  if (record === 'unreadable') return { status: 'impossible', reason: 'Its record cannot be read, or is of another version.' }
  const identity = await readIdentity(options)
  for (const name of new Set([...Object.keys(identity), ...Object.keys(record.plan.identity)])) {
    if (identity[name] === record.plan.identity[name] || unknown.includes(name)) continue
    return { status: 'impossible', reason: reasons[name] ?? `It differs in: ${name}.` }
  }
  if (!(await areFilesWhole(record))) return { status: 'impossible', reason: 'Its safety copy is gone, changed or perhaps not whole.' }
  return { status: 'resumable', record }
}

/** Everything that must be the same for a copy to be gone on with; taken when the safety copy is made, and compared later. */
export async function readIdentity(options: ResumeOptions): Promise<Readonly<Record<string, string>>> {
  const { sourcePath } = options
  return {
    version: packageJson.version,
    source: await realpath(sourcePath).catch(() => resolve(sourcePath)),
    sourceState: await readSourceState(sourcePath, options.live ? 'change-log' : options.fenceSource ? 'fence' : 'none'),
    target: targetIdentity(options.targetUrl),
    model: await checksumOfModel(options.model),
    chunkRows: String(options.chunkRows ?? defaultChunkRows),
    choices: JSON.stringify(options.choices ?? []),
  }
}

/** Why the target contradicts a record, or null when it holds this very copy, or nothing of ours yet. */
export function contradiction(record: ResumeRecord, mark: CopyMark | null): string | null {
  if (mark === null) return null
  if (mark.jobId !== record.plan.jobId) return 'The target holds the copy of another job.'
  if (mark.recordChecksum !== record.checksum) return 'The copy in the target was begun under another plan.'
  return mark.state === 'copying' || mark.state === 'copied' ? null : 'The app was switched to the copy meanwhile.'
}

/** The database behind a URL, without user and password: they may have been changed, and it is the same copy. */
export function targetIdentity(url: TargetUrl | string): string {
  const { host, port, database, schema } = asTargetUrl(url)
  return `${host}:${port}/${database}?${schema}`
}
