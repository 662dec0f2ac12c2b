import { fileURLToPath } from 'node:url'
import { Worker } from 'node:worker_threads'
import { cancelledError } from '@/lib/core/abort'
import { AppError, type ErrorCode, errorCodes } from '@/lib/core/errors'
import type { TaskAnswer, TaskInput, TaskName, TaskOutput, TaskProgress, TaskRequest, ThreadError } from './tasks'

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
 * Starts `size` threads. When the signal fires every task is rejected at once; threads are not waited for, since SQLite
 * cannot be interrupted, but they do nothing further: what they had open on PostgreSQL is closed by `close`.
 */
export function createTaskPool(size: number, signal: AbortSignal): TaskPool {
  const waiting: Waiting[] = []
  const idle: Worker[] = []
  const running = new Map<Worker, Waiting>()
  let closed = false

  const failAll = () => {
    const error = cancelledError(signal)
    for (const task of [...waiting.splice(0), ...running.values()]) task.reject(error)
    running.clear()
  }
  signal.addEventListener('abort', failAll, { once: true })

  const next = () => {
    while (!closed && idle.length > 0 && waiting.length > 0) {
      const thread = idle.shift()
      const task = waiting.shift()
      if (!thread || !task) return
      running.set(thread, task)
      thread.postMessage(task.request)
    }
  }
  const settle = (thread: Worker, use: (task: Waiting) => void) => {
    const task = running.get(thread)
    if (!task) return
    running.delete(thread)
    idle.push(thread)
    use(task)
    next()
  }
  const threads = Array.from({ length: size }, () => {
    const thread = startThread()
    idle.push(thread)
    thread.on('message', (answer: TaskAnswer) => {
      if (answer.type === 'progress') running.get(thread)?.onProgress(answer.value)
      else if (answer.type === 'done') settle(thread, (task) => task.resolve(answer.value))
      else settle(thread, (task) => task.reject(fromThread(answer.error)))
    })
    thread.on('error', (cause) =>
      settle(thread, (task) =>
        task.reject(
          new AppError({ code: 'INTERNAL', message: `A worker thread failed: ${cause instanceof Error ? cause.message : cause}`, cause }),
        ),
      ),
    )
    return thread
  })

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
      signal.removeEventListener('abort', failAll)
      // terminate() resolves only when SQLite returns: in the middle of a long read that is later than anyone wants to wait.
      const ended = Promise.all(threads.map((thread) => thread.terminate()))
      await Promise.race([ended, new Promise((resolve) => setTimeout(resolve, 500).unref())])
    },
  }
}

/** The path aliases are found by the configuration's own path, not by the working directory. */
function startThread(): Worker {
  const thread = new Worker(new URL('./start-thread.mjs', import.meta.url), {
    // What the main thread was started with (loaders, inspectors) is not for this one.
    execArgv: [],
    env: { ...process.env, TSX_TSCONFIG_PATH: fileURLToPath(new URL('../../../tsconfig.json', import.meta.url)) },
  })
  thread.unref()
  return thread
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
