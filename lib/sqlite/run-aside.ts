import { type ChildProcess, fork } from 'node:child_process'
import { Socket } from 'node:net'
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

/** One pass over the file that answers nothing: for work that will ask for its pages in another order. */
export interface AsideReading {
  readonly path: string
  readonly readThrough: true
}

const answerSchema = z.union([
  z.object({ rows: z.array(z.record(z.string(), z.unknown())) }),
  z.object({ error: z.object({ code: z.string(), message: z.string() }) }),
])

/**
 * Runs one statement on an SQLite file, or copies or reads it, in a process of its own, which is killed when the signal fires: nothing here
 * waits for SQLite, and the event loop stays free. For statements over whole files; costs some 60 ms, of which the process that
 * did the last one spares most.
 *
 * @throws AppError SOURCE_*, LOCAL_DISK_FULL, CANCELLED
 */
export function runAside(
  work: AsideStatement | AsideCopy | AsideReading,
  signal: AbortSignal,
): Promise<readonly Record<string, unknown>[]> {
  return new Promise((resolve, reject) => {
    if (signal.aborted) return reject(cancelledError(signal))
    const child = takeProcess()
    let complaint = ''
    const complain = (text: string) => {
      complaint = `${complaint}${text}`.slice(-2000)
    }
    const abort = () => child.kill('SIGKILL')
    const fail = (cause: Error) => reject(new AppError({ code: 'INTERNAL', message: 'A helper process could not be started.', cause }))
    // It is settled when the process is gone, so that its files and locks are gone too; not at `exit`, when standard error may
    // still hold something unread.
    const end = (code: number | null, killedBy: string | null) => {
      signal.removeEventListener('abort', abort)
      if (signal.aborted) return reject(cancelledError(signal))
      const message = `A helper process ended early (${killedBy ?? code}).`
      reject(new AppError({ code: 'INTERNAL', message, subject: work.path, cause: new Error(complaint) }))
    }
    const receive = (message: unknown) => {
      // Killed all the same: the answer of a work that was cancelled is nobody's.
      if (signal.aborted) return
      signal.removeEventListener('abort', abort)
      child.stderr?.off('data', complain)
      child.off('message', receive).off('error', fail).off('close', end)
      parkProcess(child)
      const answer = answerSchema.parse(message)
      if ('rows' in answer) resolve(answer.rows)
      else reject(toSqliteError(Object.assign(new Error(answer.error.message), answer.error), work.path))
    }
    signal.addEventListener('abort', abort, { once: true })
    child.stderr?.on('data', complain)
    child.on('message', receive).on('error', fail).on('close', end)
    child.send(work)
  })
}

/** The checks of a small file ask five things in a row: each in a new process took a third of their time. */
const parkedForMs = 1_000
let parked: { readonly child: ChildProcess; readonly release: () => void } | undefined

function takeProcess(): ChildProcess {
  if (parked) {
    const { child, release } = parked
    release()
    hold(child, true)
    return child
  }
  const child = fork(fileURLToPath(new URL('./aside-process.mjs', import.meta.url)), {
    execArgv: [],
    stdio: ['ignore', 'ignore', 'pipe', 'ipc'],
  })
  child.stderr?.setEncoding('utf8')
  return child
}

/** Keeps one process for the next work; it ends by itself when the channel closes, also by the death of this process. */
function parkProcess(child: ChildProcess): void {
  const end = () => {
    release()
    if (child.connected) child.disconnect()
  }
  const timer = setTimeout(end, parkedForMs)
  const release = () => {
    clearTimeout(timer)
    child.off('exit', end).off('error', end).off('disconnect', end)
    if (parked?.child === child) parked = undefined
  }
  if (parked || !child.connected) {
    end()
    return
  }
  // None of it keeps this process from ending.
  timer.unref()
  hold(child, false)
  child.on('exit', end).on('error', end).on('disconnect', end)
  parked = { child, release }
}

function hold(child: ChildProcess, isHeld: boolean): void {
  const name = isHeld ? 'ref' : 'unref'
  child[name]()
  child.channel?.[name]()
  if (child.stderr instanceof Socket) child.stderr[name]()
}
