import { fork } from 'node:child_process'
import { fileURLToPath } from 'node:url'
import { z } from 'zod'
import { cancelledError } from '@/lib/core/abort'
import { AppError } from '@/lib/core/errors'
import type { SafeSql } from '@/lib/core/quoted-name'
import { toSqliteError } from './open-database'

export interface AsideStatement {
  readonly path: string
  readonly readonly: boolean
  readonly sql: SafeSql
  readonly params?: readonly (string | number)[]
  /** Memory for pages, in KiB. Default: 65,536, for work that looks up many; what goes through once needs little. */
  readonly cacheKiB?: number
}

/** A copy of the whole file, as it is at one moment. */
export interface AsideCopy {
  readonly path: string
  /** Path of a file that does not exist. */
  readonly copyTo: string
}

const answerSchema = z.union([
  z.object({ rows: z.array(z.record(z.string(), z.unknown())) }),
  z.object({ error: z.object({ code: z.string(), message: z.string() }) }),
])

/**
 * Runs one statement on an SQLite file, or copies it, in a process of its own, which is killed when the signal fires: nothing here
 * waits for SQLite, and the event loop stays free. For statements over whole files; costs some 60 ms.
 *
 * @throws AppError SOURCE_*, LOCAL_DISK_FULL, CANCELLED
 */
export function runAside(work: AsideStatement | AsideCopy, signal: AbortSignal): Promise<readonly Record<string, unknown>[]> {
  return new Promise((resolve, reject) => {
    if (signal.aborted) return reject(cancelledError(signal))
    const child = fork(fileURLToPath(new URL('./aside-process.mjs', import.meta.url)), {
      execArgv: [],
      stdio: ['ignore', 'ignore', 'pipe', 'ipc'],
    })
    let outcome: (() => void) | undefined
    let complaint = ''
    child.stderr?.setEncoding('utf8').on('data', (text: string) => {
      complaint = `${complaint}${text}`.slice(-2000)
    })
    const abort = () => child.kill('SIGKILL')
    signal.addEventListener('abort', abort, { once: true })
    child.once('message', (message) => {
      const answer = answerSchema.parse(message)
      outcome = () =>
        'rows' in answer
          ? resolve(answer.rows)
          : reject(toSqliteError(Object.assign(new Error(answer.error.message), answer.error), work.path))
    })
    child.once('error', (cause) => reject(new AppError({ code: 'INTERNAL', message: 'A helper process could not be started.', cause })))
    // Settled when the process is gone, so that its files and locks are gone too; not at `exit`, when the channel and
    // standard error may still hold something unread.
    child.once('close', (code, killedBy) => {
      signal.removeEventListener('abort', abort)
      if (signal.aborted) reject(cancelledError(signal))
      else if (outcome) outcome()
      else
        reject(
          new AppError({
            code: 'INTERNAL',
            message: `A helper process ended early (${killedBy ?? code}).`,
            subject: work.path,
            cause: new Error(complaint),
          }),
        )
    })
    child.send('copyTo' in work ? { ...work, readonly: true } : { ...work, params: work.params ?? [] })
  })
}
