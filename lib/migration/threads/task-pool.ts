import { stat } from 'node:fs/promises'
import { Worker } from 'node:worker_threads'
import { cancelledError } from '@/lib/core/abort'
import { AppError, type ErrorCode, errorCodes } from '@/lib/core/errors'
import {
  homeTasks,
  type TaskAnswer,
  type TaskInput,
  type TaskName,
  type TaskOutput,
  type TaskProgress,
  type TaskRequest,
  type ThreadError,
} from './tasks'
import { loadThreadCode } from './thread-code'

/** Some worker threads, each running one task at a time. */
export interface TaskPool {
  /** Runs a task as soon as a thread is free. Rejects with the task's AppError, or CANCELLED once the signal has fired. */
  run<N extends TaskName>(name: N, input: TaskInput<N>, onProgress?: (value: TaskProgress<N>) => void): Promise<TaskOutput<N>>
  readonly size: number
  /** Ends all threads at once, whatever they do; their connections close and their transactions roll back. */
  close(): Promise<void>
}

interface Waiting {
  readonly request: TaskRequest
  readonly onProgress: (value: unknown) => void
  readonly resolve: (value: unknown) => void
  readonly reject: (error: Error) => void
}

/**
 * How long a task of a small database waits before a further thread is started for it, which costs half a second of processor time:
 * its tables are done before. The first thread itself takes a while to start, and then the rest of the queue goes to it.
 */
const patienceMs = 300
const coldPatienceMs = 1_500
/** What one thread reads in the time that another one takes to start. */
const smallBytes = 16 * 1024 * 1024

export interface TaskPoolOptions {
  /** The most threads. */
  readonly size: number
  /** File that is read: for a large one every thread is started at once. */
  readonly sourcePath: string
}

/**
 * Up to `size` threads, each started when there is work for it. When the signal fires every task is rejected at once; threads are not waited for, since SQLite
 * cannot be interrupted, but they do nothing further: what they had open on PostgreSQL is closed by `close`.
 */
export async function createTaskPool({ size, sourcePath }: TaskPoolOptions, signal: AbortSignal): Promise<TaskPool> {
  const [code, source] = await Promise.all([loadThreadCode(), stat(sourcePath).catch(() => null)])
  const eager = source !== null && source.size > smallBytes ? size : 1
  const waiting: Waiting[] = []
  const idle: Worker[] = []
  const running = new Map<Worker, Waiting>()
  let closed = false
  /** Whether a thread has answered yet. */
  let isWarm = false
  let growing: NodeJS.Timeout | undefined

  const failAll = () => {
    const error = cancelledError(signal)
    for (const task of [...waiting.splice(0), ...running.values()]) task.reject(error)
    running.clear()
  }
  signal.addEventListener('abort', failAll, { once: true })

  /** The oldest thread is the home of the tasks that share a connection; they wait for it, and others overtake them. */
  const isHome = (thread: Worker) => [...alive][0] === thread
  const isForNew = ({ request }: Waiting) => alive.size === 0 || !homeTasks.has(request.name)
  /** Whether there was a task for this thread. */
  const give = (thread: Worker): boolean => {
    const at = waiting.findIndex(({ request }) => isHome(thread) || !homeTasks.has(request.name))
    const [task] = at < 0 ? [] : waiting.splice(at, 1)
    if (!task) return false
    running.set(thread, task)
    thread.postMessage(task.request)
    return true
  }
  const next = () => {
    if (closed) return
    for (const thread of [...idle]) if (give(thread)) idle.splice(idle.indexOf(thread), 1)
    while (alive.size < eager && waiting.some(isForNew)) give(start())
    if (alive.size >= size || !waiting.some(isForNew)) return
    growing ??= setTimeout(
      () => {
        growing = undefined
        if (!closed && alive.size < size && waiting.some(isForNew)) give(start())
        next()
      },
      isWarm ? patienceMs : coldPatienceMs,
    )
  }
  const takeTask = (thread: Worker): Waiting | undefined => {
    const task = running.get(thread)
    running.delete(thread)
    return task
  }
  const release = (thread: Worker) => {
    idle.push(thread)
    next()
  }
  /** An uncaught error ends its thread and fails its task; the next task gets a new one. */
  const bury = (thread: Worker, cause: unknown) => {
    const message = `A worker thread failed: ${cause instanceof Error ? cause.message : String(cause)}`
    const error = new AppError({ code: 'INTERNAL', message, cause })
    alive.delete(thread)
    takeTask(thread)?.reject(error)
    const place = idle.indexOf(thread)
    if (place >= 0) idle.splice(place, 1)
    next()
  }
  const alive = new Set<Worker>()
  const start = (): Worker => {
    // The loaders that the main thread was started with are not for this one.
    // Pages lie outside of the heap and live briefly: with Node's 16 MB and more of young generation a thread, they are
    // kept long after their use (peak 265 MiB; so 230 MiB).
    const thread = new Worker(code, { eval: true, execArgv: [], resourceLimits: { maxYoungGenerationSizeMb: 4 } })
    alive.add(thread)
    thread.on('error', (cause) => bury(thread, cause))
    thread.on('message', (answer: TaskAnswer) => {
      isWarm = true
      if (answer.type === 'progress') {
        running.get(thread)?.onProgress(answer.value)
        return
      }
      const task = takeTask(thread)
      if (answer.type === 'done') task?.resolve(answer.value)
      else task?.reject(fromThread(answer.error))
      release(thread)
    })
    return thread
  }

  return {
    size,
    run<N extends TaskName>(name: N, input: TaskInput<N>, onProgress?: (value: TaskProgress<N>) => void) {
      return new Promise<TaskOutput<N>>((resolve, reject) => {
        if (signal.aborted || closed)
          return reject(signal.aborted ? cancelledError(signal) : new AppError({ code: 'INTERNAL', message: 'The threads have ended.' }))
        // Messages between threads carry no types; both ends take them from tasks.ts.
        waiting.push({
          request: { name, input },
          onProgress: (value) => onProgress?.(value as TaskProgress<N>),
          resolve: (value) => resolve(value as TaskOutput<N>),
          reject,
        })
        next()
      })
    },
    async close() {
      closed = true
      clearTimeout(growing)
      signal.removeEventListener('abort', failAll)
      const ended = Promise.all([...alive].map((thread) => thread.terminate()))
      // terminate() resolves only when SQLite returns: in the middle of a long read that is later than anyone wants to
      // wait, so the threads no longer keep the process alive. The timer must: with nothing left to wait for, Node would
      // end the process here, before the caller has gone on.
      for (const thread of alive) thread.unref()
      let timer: NodeJS.Timeout | undefined
      await Promise.race([
        ended,
        new Promise((resolve) => {
          timer = setTimeout(resolve, 500)
        }),
      ])
      clearTimeout(timer)
    },
  }
}

function fromThread(error: ThreadError): AppError {
  const code: ErrorCode = errorCodes.find((known) => known === error.code) ?? 'INTERNAL'
  return new AppError({
    code,
    message: error.message,
    retryable: error.retryable,
    ...(error.hint === undefined ? {} : { hint: error.hint }),
    ...(error.operation === undefined ? {} : { operation: error.operation }),
    ...(error.subject === undefined ? {} : { subject: error.subject }),
  })
}
