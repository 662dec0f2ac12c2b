import { createHash } from 'node:crypto'
import { open, readFile, rename, rm, stat } from 'node:fs/promises'
import { dirname } from 'node:path'
import { z } from 'zod'
import { findingSchema } from '@/lib/core/finding'
import { repairListSchema, repairSchema } from '@/lib/core/repair-choice'
import type { TableMapping } from '@/lib/core/table-mapping'
import type { SchemaSteps } from './apply-schema'
import { removeProofFile } from './live/proof-file'
import { repairListPath } from './repairs/list-file'
import { removeRepairedCopy } from './repairs/repaired-copy'
import { removeSafetyCopy, safetyCopyPath } from './safety-copy'

const valueKindSchema = z.discriminatedUnion('kind', [
  z.object({ kind: z.literal('boolean'), cutsFractions: z.boolean().optional() }),
  z.object({ kind: z.literal('integer'), bits: z.union([z.literal(16), z.literal(32), z.literal(64)]) }),
  z.object({ kind: z.literal('float'), bits: z.union([z.literal(32), z.literal(64)]) }),
  z.object({ kind: z.literal('decimal'), precision: z.number().nullable(), scale: z.number().nullable() }),
  z.object({ kind: z.literal('text'), maxLength: z.number().nullable(), padded: z.boolean() }),
  z.object({ kind: z.literal('bytes') }),
  z.object({ kind: z.literal('json'), binary: z.boolean() }),
  z.object({ kind: z.literal('timestamp'), precision: z.number(), withTimeZone: z.boolean() }),
  z.object({ kind: z.literal('date') }),
  z.object({ kind: z.literal('time'), precision: z.number() }),
  z.object({ kind: z.literal('uuid') }),
  z.object({ kind: z.literal('enum'), typeName: z.string(), labels: z.array(z.string()).readonly() }),
])

const columnSchema = z.object({
  name: z.string(),
  value: valueKindSchema,
  nullable: z.boolean(),
  generated: z.boolean(),
  sourceType: z.string(),
})

const mappingSchema = z.object({
  table: z.string(),
  targetSchema: z.string(),
  columns: z.array(columnSchema).readonly(),
  primaryKey: z.array(z.string()).readonly(),
  withoutRowid: z.boolean(),
  rowidColumn: z.string().nullable(),
}) satisfies z.ZodType<TableMapping>

const stepsSchema = z.object({
  createsSchema: z.boolean(),
  modelSql: z.string(),
  ownSql: z.array(z.string()).readonly(),
  tables: z.array(z.string()).readonly(),
  types: z.array(z.string()).readonly(),
  routines: z.array(z.string()).readonly(),
}) satisfies z.ZodType<SchemaSteps>

/** Size and time of a file that must not have changed. */
const fileSchema = z.object({ path: z.string(), sizeBytes: z.number(), modifiedNs: z.string() })

const planSchema = z.object({
  jobId: z.string(),
  /** What must be the same for the copy to be resumed, each by a name that `resume-decision.ts` has a sentence for. */
  identity: z.record(z.string(), z.string()),
  safetyCopy: fileSchema,
  /** What the rows are read from: the safety copy itself, or a repaired copy of it. */
  copySource: fileSchema,
  schema: stepsSchema,
  mappings: z.array(mappingSchema).readonly(),
  findings: z.array(findingSchema).readonly(),
  repairs: z.array(repairSchema).readonly(),
  /** Names every row repaired; null where none was. */
  repairList: repairListSchema.nullable(),
})

const recordSchema = z.object({
  format: z.literal(1),
  plan: planSchema,
  /** Of the plan, as the mark on the target has it. */
  checksum: z.string(),
  /** Start of the machine in which the files were written, where it can be told. */
  boot: z.string().nullable(),
  /** Whether the files are known to be on the disk, so that they are whole after the machine was cut off too. */
  isDurable: z.boolean(),
})

/** What the checks and the safety copy came to, so that neither has to be made again. */
export type ResumePlan = z.infer<typeof planSchema>
export type ResumeRecord = z.infer<typeof recordSchema>

/** A record that was written just now, while its files are still on their way to the disk. */
export interface FreshRecord {
  readonly record: ResumeRecord
  /** Nothing is written to the record any more once this has resolved. Never throws, never waits for the disk. */
  stop(): Promise<void>
}

/**
 * Keeps the plan beside the safety copy, under the job's name. From then on, and until `removeWorkFiles`, the migration
 * can be resumed. Written whole or not at all.
 *
 * The files themselves reach the disk later, in the background: waiting for it would cost the migration seconds, and a
 * process that is killed leaves its files whole all the same. Only a machine that is cut off does not.
 */
export async function writeRecord(workDir: string, plan: ResumePlan): Promise<FreshRecord> {
  const record: ResumeRecord = { format: 1, plan, checksum: checksumOf(plan), boot: await readBoot(), isDurable: false }
  await store(workDir, record)
  let isStopped = false
  let storing: Promise<void> = Promise.resolve()
  const flush = async () => {
    for (const path of new Set([plan.safetyCopy.path, plan.copySource.path])) await syncFile(path)
    await syncFile(dirname(plan.copySource.path))
    if (isStopped) return
    storing = store(workDir, { ...record, isDurable: true })
    await storing
  }
  // Files that cannot be flushed are only not known to be on the disk.
  flush().catch(() => undefined)
  const stop = async () => {
    isStopped = true
    await storing.catch(() => undefined)
  }
  return { record, stop }
}

/** The record of a job: null when there is none, `unreadable` when what is there is not one that this version writes. */
export async function readRecord(workDir: string, jobId: string): Promise<ResumeRecord | 'unreadable' | null> {
  try {
    const record = recordSchema.parse(JSON.parse(await readFile(recordPath(workDir, jobId), 'utf8')))
    return record.checksum === checksumOf(record.plan) && record.plan.jobId === jobId ? record : 'unreadable'
  } catch (error) {
    return error instanceof Error && 'code' in error && error.code === 'ENOENT' ? null : 'unreadable'
  }
}

/** Whether the files that a record speaks of are there as they were written. */
export async function areFilesWhole(record: ResumeRecord): Promise<boolean> {
  const { safetyCopy, copySource } = record.plan
  for (const file of [safetyCopy, copySource]) {
    const found = await describeFile(file.path).catch(() => null)
    if (found?.sizeBytes !== file.sizeBytes || found.modifiedNs !== file.modifiedNs) return false
  }
  return record.isDurable || (record.boot !== null && record.boot === (await readBoot()))
}

/** @throws when there is no such file */
export async function describeFile(path: string): Promise<ResumePlan['safetyCopy']> {
  const stats = await stat(path, { bigint: true })
  return { path, sizeBytes: Number(stats.size), modifiedNs: stats.mtimeNs.toString() }
}

/** Removes the record of a job, and with it the way to resume it. Safe to repeat. */
export async function removeRecord(workDir: string, jobId: string): Promise<void> {
  const path = recordPath(workDir, jobId)
  for (const suffix of ['', '.part']) await rm(`${path}${suffix}`, { force: true })
}

/** Removes all files of a job, the record first: it must not speak of a safety copy that is going. Safe to repeat. */
export async function removeWorkFiles(workDir: string, jobId: string): Promise<void> {
  const record = await readRecord(workDir, jobId)
  await removeRecord(workDir, jobId)
  await removeSafetyCopy(workDir, jobId)
  await removeRepairedCopy(workDir, jobId)
  await removeProofFile(workDir, jobId)
  const list = record !== null && record !== 'unreadable' ? record.plan.repairList : null
  await rm(list?.path ?? repairListPath(workDir, jobId), { force: true })
}

export function recordPath(workDir: string, jobId: string): string {
  return safetyCopyPath(workDir, jobId).replace(/\.db$/, '.resume.json')
}

async function store(workDir: string, record: ResumeRecord): Promise<void> {
  const path = recordPath(workDir, record.plan.jobId)
  const part = `${path}.part`
  const file = await open(part, 'w', 0o600)
  try {
    await file.writeFile(JSON.stringify(record))
    await file.sync()
  } finally {
    await file.close()
  }
  await rename(part, path)
}

function checksumOf(plan: ResumePlan): string {
  return createHash('sha256')
    .update(JSON.stringify(planSchema.parse(plan)))
    .digest('hex')
}

async function syncFile(path: string): Promise<void> {
  const file = await open(path, 'r')
  try {
    await file.sync()
  } finally {
    await file.close()
  }
}

/** New at each start of the machine; null where the system does not tell. */
async function readBoot(): Promise<string | null> {
  return readFile('/proc/sys/kernel/random/boot_id', 'utf8').then(
    (text) => text.trim(),
    () => null,
  )
}
