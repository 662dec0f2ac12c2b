import { writeFile } from 'node:fs/promises'
import { resolve } from 'node:path'
import { loadEnvFiles } from '@/lib/config/env-files'
import { AppError } from '@/lib/core/errors'
import type { Report } from '@/lib/core/progress'
import type { SchemaModel } from '@/lib/migration/schema-plan'
import type { PreflightResult } from '@/lib/preflight/preflight-result'
import { checkedTarget, fromCaller } from '@/scripts/command-line'
import { dryRunFile, dryRunOwn, readLenientEnvironment } from './own-dry-run'
import { exitStatusOfPreflight, jsonOfPreflight, printPreflight } from './preflight-output'

export interface DryRunOptions {
  /** The app's folder, absolute. */
  readonly root: string
  /** Null: the app's own database, with its files and keys. */
  readonly source: { readonly path: string; readonly model: SchemaModel } | null
  /** Default: TARGET_DATABASE_URL. */
  readonly target: string | undefined
  /** Where the SQL of the target's schema goes; it is shown when absent. */
  readonly sql: string | undefined
  readonly json: boolean
}

/**
 * Checks, plans and shows the target's schema; writes nothing on either database.
 *
 * @returns the exit status: 0 ready, 1 not ready or not known
 * @throws AppError CONFIG_INVALID, INVALID_INPUT, TARGET_URL_*, CANCELLED
 */
export async function runDryRun(
  options: DryRunOptions,
  progress: { readonly report: Report; stop(): void },
  signal: AbortSignal,
): Promise<0 | 1> {
  loadEnvFiles(options.root)
  const result = await dryRun(options, progress.report, signal)
  progress.stop()
  if (options.sql !== undefined) await writeSql(options.sql, result.targetSchemaSql)
  console.log(options.json ? JSON.stringify(jsonOfPreflight(result)) : printPreflight(result, options.sql === undefined))
  return exitStatusOfPreflight(result)
}

function dryRun({ root, source, target }: DryRunOptions, report: Report, signal: AbortSignal): Promise<PreflightResult> {
  if (source !== null) {
    const targetUrl = checkedTarget(requireTarget(target ?? process.env.TARGET_DATABASE_URL))
    const workDir = resolve(root, process.env.DATA_DIR || 'data')
    return dryRunFile({ sourcePath: source.path, model: source.model, targetUrl, workDir }, report, signal)
  }
  const lenient = readLenientEnvironment(process.env, root)
  const targetUrl = checkedTarget(requireTarget(target ?? lenient.environment.targetUrl ?? undefined))
  return dryRunOwn(lenient, root, targetUrl, report, signal)
}

/** Writes the SQL of the target's schema to a file, its path as the caller gave it; null, where it could not be planned, is said. */
export async function writeSql(path: string, targetSchemaSql: string | null): Promise<void> {
  if (targetSchemaSql === null) {
    console.error('The schema could not be planned, so no SQL was written.')
    return
  }
  await writeFile(fromCaller(path), `${targetSchemaSql.trim()}\n`)
}

function requireTarget(target: string | undefined): string {
  if (target !== undefined && target !== '') return target
  throw new AppError({
    code: 'CONFIG_INVALID',
    message: 'There is no target.',
    hint: 'Give it with --target postgresql://user:password@host:5432/database, or set TARGET_DATABASE_URL.',
  })
}
