import { type NumberedEvent, numberedEventSchema } from '@/lib/jobs/job'
import { readEvents } from './job-queries'

/** connecting: nothing arrived yet; open: events arrive as they happen; reconnecting: lost, trying again; ended: the job is over. */
export type StreamState = 'connecting' | 'open' | 'reconnecting' | 'ended'

export interface JobStreamHandlers {
  onEvents(events: readonly NumberedEvent[]): void
  onState(state: StreamState): void
}

/** Events that arrive within this time are handed on together: a replay of thousands is a few renderings. */
const batchMs = 100
const firstWaitMs = 500
const longestWaitMs = 10_000
const pageSize = 1_000

/**
 * Follows a job's events until it is over or `close` is called.
 *
 * The browser's EventSource reconnects by itself with Last-Event-ID. Where it gives up (the answer was an
 * error: server restarting, session over) a new one is opened with growing pauses; it replays from the start,
 * and whoever adds the events up skips the known ones. At the end what the stream did not bring is read by REST.
 */
export function openJobStream(jobId: string, handlers: JobStreamHandlers): { close(): void } {
  let source: EventSource | null = null
  let closed = false
  let waitMs = firstWaitMs
  let lastSeq = 0
  let batch: NumberedEvent[] = []
  let batchTimer: ReturnType<typeof setTimeout> | undefined
  let retryTimer: ReturnType<typeof setTimeout> | undefined
  const abort = new AbortController()

  const flush = () => {
    batchTimer = undefined
    if (batch.length === 0) return
    const events = batch
    batch = []
    handlers.onEvents(events)
  }

  const take = (event: NumberedEvent) => {
    if (event.seq <= lastSeq) return
    lastSeq = event.seq
    batch.push(event)
    batchTimer ??= setTimeout(flush, batchMs)
  }

  const finish = async () => {
    source?.close()
    for (;;) {
      const events = await readEvents(jobId, lastSeq, pageSize, abort.signal).catch(() => [])
      for (const event of events) take(event)
      if (events.length < pageSize) break
    }
    if (closed) return
    flush()
    handlers.onState('ended')
  }

  const connect = () => {
    const stream = new EventSource(`/api/jobs/${encodeURIComponent(jobId)}/events`)
    source = stream
    stream.addEventListener('open', () => {
      waitMs = firstWaitMs
      handlers.onState('open')
    })
    stream.addEventListener('message', (message: MessageEvent<string>) => {
      const event = parseMessage(message)
      if (event) take(event)
    })
    stream.addEventListener('end', () => void finish())
    stream.addEventListener('error', () => {
      if (closed) return
      handlers.onState('reconnecting')
      if (stream.readyState !== EventSource.CLOSED) return
      stream.close()
      retryTimer = setTimeout(connect, waitMs)
      waitMs = Math.min(waitMs * 2, longestWaitMs)
    })
  }

  handlers.onState('connecting')
  connect()

  return {
    close() {
      closed = true
      abort.abort()
      source?.close()
      clearTimeout(batchTimer)
      clearTimeout(retryTimer)
    },
  }
}

/** Reads `id: <seq>` and `data: {at, event}`. What cannot be read is left to the reading at the end. */
function parseMessage(message: MessageEvent<string>): NumberedEvent | null {
  try {
    const parsed = numberedEventSchema.safeParse({ seq: Number(message.lastEventId), ...JSON.parse(message.data) })
    return parsed.success ? parsed.data : null
  } catch {
    return null
  }
}
