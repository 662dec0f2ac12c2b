import { stat } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { dirname } from 'node:path'
import { z } from 'zod'
import type { ControlStore } from '@/lib/control/control-store'
import { readDiskSpace } from '@/lib/core/disk-space'
import { AppError } from '@/lib/core/errors'
import type { MaintenanceItem, MaintenanceRequest } from '@/lib/core/maintenance-operations'
import type { Report } from '@/lib/core/progress'
import { recordIntegrity } from '@/lib/monitoring/integrity-record'
import { readIntegrity } from '@/lib/sqlite/read-integrity'
import { runAside } from '@/lib/sqlite/run-aside'
import type { MaintenanceOutcome } from './outcome'
import { sqliteStatements } from './plan-statements'

type Step = keyof typeof sqliteStatements

/**
 * In a process of its own, which is killed when the signal fires: SQLite rolls back at the next opening, and the file is as
 * it was. The app reads on meanwhile; while VACUUM runs it cannot write.
 */
export async function maintainSqlite(
  path: string,
  store: ControlStore,
  { operation }: MaintenanceRequest,
  report: Report,
  signal: AbortSignal,
): Promise<MaintenanceOutcome> {
  const steps = stepsOf(operation)
  if (operation === 'vacuum-file') await requireRoomToVacuum(path)
  const sizeBeforeBytes = await sizeOf(path)
  const items: MaintenanceItem[] = []
  const problems: string[] = []
  let failure: unknown = null
  for (const step of steps) {
    const begun = performance.now()
    report({ type: 'log', level: 'info', message: sqliteStatements[step] })
    try {
      const message = await runStep(step, path, store, problems, signal)
      items.push({
        target: step,
        outcome: message === null ? 'done' : 'skipped',
        elapsedMs: Math.round(performance.now() - begun),
        message,
      })
      if (message !== null) report({ type: 'log', level: 'warn', message })
    } catch (error) {
      // Some damage stops the check itself: that is what it found, too.
      if (step === 'integrity-check' && error instanceof AppError && error.code === 'SOURCE_DAMAGED') {
        problems.push(error.cause instanceof Error ? error.cause.message : error.message)
        await recordIntegrity(store, problems)
        items.push({ target: step, outcome: 'done', elapsedMs: Math.round(performance.now() - begun), message: null })
        break
      }
      const message = error instanceof Error ? error.message : String(error)
      items.push({ target: step, outcome: 'failed', elapsedMs: Math.round(performance.now() - begun), message })
      failure = error
      break
    }
  }
  // Carried into the file, so that the size says what VACUUM came to.
  if (operation === 'vacuum-file' && failure === null)
    await runAside({ path, readonly: false, sql: sqliteStatements.checkpoint }, signal).catch(() => undefined)
  for (const problem of problems) report({ type: 'log', level: 'error', message: problem })
  const result = { operation, engine: 'sqlite' as const, items, sizeBeforeBytes, sizeAfterBytes: await sizeOf(path), problems }
  return { result, error: failure }
}

function stepsOf(operation: MaintenanceRequest['operation']): readonly Step[] {
  if (operation === 'routine') return ['optimize', 'checkpoint']
  if (operation in sqliteStatements) return [operation as Step]
  throw new AppError({
    code: 'STATE_CONFLICT',
    operation: 'plan maintenance',
    subject: operation,
    message: 'This maintenance is for PostgreSQL, and the app runs on an SQLite file.',
  })
}

const checkpointRow = z.object({ busy: z.number() })

/** Null when all went as it should; otherwise what did not. What the check of the file finds is added to `problems`. */
async function runStep(step: Step, path: string, store: ControlStore, problems: string[], signal: AbortSignal): Promise<string | null> {
  if (step === 'integrity-check') {
    problems.push(...(await readIntegrity({ path, kind: 'quick' }, signal)).filter((line) => line !== 'ok'))
    await recordIntegrity(store, problems)
    return null
  }
  const rows = await runAside({ path, readonly: false, sql: sqliteStatements[step] }, signal)
  const [row] = step === 'checkpoint' ? z.array(checkpointRow).parse(rows) : []
  return row?.busy ? 'Somebody was reading or writing, so that not all of the log could be carried into the file.' : null
}

/**
 * VACUUM writes the whole file anew into the folder for temporary files, and then back: into the file itself, or in WAL mode
 * into the log beside it. https://www.sqlite.org/lang_vacuum.html
 *
 * @throws AppError LOCAL_DISK_FULL naming what is needed
 */
async function requireRoomToVacuum(path: string): Promise<void> {
  const neededBytes = (await sizeOf(path)) ?? 0
  const [beside, temporary] = await Promise.all([readDiskSpace(dirname(path)), readDiskSpace(process.env.SQLITE_TMPDIR ?? tmpdir())])
  const isOneDisk = beside.device === temporary.device
  const short = (
    isOneDisk ? [{ ...beside, needs: neededBytes * 2 }] : [beside, temporary].map((disk) => ({ ...disk, needs: neededBytes }))
  ).find(({ freeBytes, needs }) => freeBytes < needs)
  if (!short) return
  const mebibytes = (bytes: number) => `${Math.ceil(bytes / 1024 / 1024)} MiB`
  throw new AppError({
    code: 'LOCAL_DISK_FULL',
    operation: 'vacuum the SQLite file',
    subject: short.folder,
    message: `VACUUM writes the file anew and needs ${mebibytes(short.needs)}; there are ${mebibytes(short.freeBytes)}.`,
    hint: 'Free space on that disk, then start again.',
  })
}

async function sizeOf(path: string): Promise<number | null> {
  return (await stat(path).catch(() => null))?.size ?? null
}
