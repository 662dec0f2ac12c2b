import { Worker } from 'node:worker_threads'
import { cancelledError } from '@/lib/core/abort'
import { AppError } from '@/lib/core/errors'
import { loadThreadCode } from '@/lib/core/thread-code'
import type { OpenedSource, ReadRequest, SourceAnswers, SourceChunk, SourceReply, SourceRequest } from './source-protocol'

/** The source at one moment, read by a thread of its own. */
export interface SourceReader extends AsyncDisposable {
  readonly opened: OpenedSource
  /** Rows of each table, or why they could not be counted. */
  count(tables: readonly string[]): Promise<SourceAnswers['count']>
  /** Whether the rows of the table may have values so long that they are compared by digest. */
  holdsLong(request: ReadRequest): Promise<boolean>
  /** The rows of a table, chunk by chunk, some chunks ahead. One table at a time. */
  read(request: ReadRequest): AsyncGenerator<SourceChunk, void>
}

/** One chunk is compared while others are read ahead: each has a room that both threads see, and is there until the next is taken. */
const roomCount = 4
/** Chunks are made to have a megabyte; a larger one is sent. */
const roomBytes = 1536 * 1024

/**
 * Starts the thread, opens the file for reading and takes the snapshot. The file is closed when the reader is disposed of;
 * when the signal fires the thread ends at once, in the middle of a statement too.
 *
 * @throws AppError SOURCE_*, CANCELLED
 */
export async function openSourceReader(sourcePath: string, signal: AbortSignal): Promise<SourceReader> {
  const worker = await takeThread()
  const rooms = Array.from({ length: roomCount }, () => new SharedArrayBuffer(roomBytes))
  const waiting: { resolve: (reply: SourceReply) => void; reject: (error: unknown) => void }[] = []
  let failure: unknown
  const fail = (error: unknown) => {
    failure ??= error
    for (const { reject } of waiting.splice(0)) reject(failure)
  }
  const stop = () => {
    fail(cancelledError(signal))
    void worker.terminate()
  }
  const ended = () => fail(new AppError({ code: 'INTERNAL', message: 'The thread that reads the source ended too early.' }))
  const receive = (reply: SourceReply) => waiting.shift()?.resolve(reply)
  worker.on('message', receive)
  worker.on('error', fail)
  worker.on('exit', ended)
  if (signal.aborted) stop()
  else signal.addEventListener('abort', stop, { once: true })

  async function ask<K extends SourceRequest['ask']>(request: SourceRequest & { readonly ask: K }): Promise<SourceAnswers[K]> {
    if (failure !== undefined) throw failure
    const reply = await new Promise<SourceReply>((resolve, reject) => {
      waiting.push({ resolve, reject })
      worker.postMessage(request)
    })
    if ('error' in reply) throw new AppError({ ...reply.error, operation: 'read the source' })
    // The thread answers each request with the value that belongs to it (source-protocol).
    return reply.value as SourceAnswers[K]
  }

  async function* read(request: ReadRequest): AsyncGenerator<SourceChunk, void> {
    await ask({ ask: 'read', request })
    const askNext = (room: SharedArrayBuffer) => ({ room, answer: settled(ask({ ask: 'next', room })) })
    const ahead = rooms.slice(1).map(askNext)
    for (let free = rooms[0]; free; ) {
      const next = ahead.shift()
      const answer = await next?.answer
      if (!next || !answer) return
      if ('error' in answer) throw answer.error
      if (answer.value === null) return
      ahead.push(askNext(free))
      const { bytes, length, ...chunk } = answer.value
      free = next.room
      yield { ...chunk, bytes: bytes ?? new Uint8Array(next.room, 0, length) }
    }
  }

  const dispose = async () => {
    signal.removeEventListener('abort', stop)
    // What was read ahead is answered before this: the thread is idle then, and its file closed.
    const isClosed = failure === undefined && (await ask({ ask: 'close' }).then(...always))
    worker.off('message', receive).off('error', fail).off('exit', ended)
    if (isClosed) parkThread(worker)
    else await worker.terminate()
  }
  try {
    const opened = await ask({ ask: 'open', path: sourcePath })
    return {
      opened,
      count: (tables) => ask({ ask: 'count', tables }),
      holdsLong: (request) => ask({ ask: 'holdsLong', request }),
      read,
      [Symbol.asyncDispose]: dispose,
    }
  } catch (error) {
    await dispose()
    throw error
  }
}

const always = [() => true, () => false] as const

/** A thread takes half a second of processor time to start, so one that has done its work waits a while for the next. */
const parkedForMs = 20_000
let parked: { readonly worker: Worker; readonly release: () => void } | undefined

async function takeThread(): Promise<Worker> {
  if (!parked) return startThread(await loadThreadCode(new URL('.', import.meta.url), 'source-thread.ts'))
  const { worker, release } = parked
  release()
  worker.ref()
  return worker
}

function parkThread(worker: Worker): void {
  if (parked) {
    void worker.terminate()
    return
  }
  const end = () => {
    release()
    void worker.terminate()
  }
  const timer = setTimeout(end, parkedForMs)
  const release = () => {
    clearTimeout(timer)
    // By name: removeAllListeners would take Node's own along, and no message would ever come again.
    worker.off('exit', release).off('error', end)
    parked = undefined
  }
  worker.on('exit', release).on('error', end)
  // Neither keeps the process from ending.
  worker.unref()
  timer.unref()
  parked = { worker, release }
}

function startThread(code: string): Worker {
  // Chunks lie outside of the heap and live briefly: a large young generation would only keep them longer.
  const resourceLimits = { maxYoungGenerationSizeMb: 4 }
  return new Worker(code, { eval: true, execArgv: [], env: withoutNodeOptions(), resourceLimits })
}

/** A rejection that is looked at later must not count as unhandled until then. */
function settled<T>(promise: Promise<T>): Promise<{ readonly value: T } | { readonly error: unknown }> {
  return promise.then(
    (value) => ({ value }),
    (error: unknown) => ({ error }),
  )
}

/** The process may have been started with loaders of its own; the thread brings its own. */
function withoutNodeOptions(): NodeJS.ProcessEnv {
  const { NODE_OPTIONS: _, ...rest } = process.env
  return rest
}
