import { pause } from '@/lib/core/pause'
import { encodeComment, encodeMessage, encodeRetry } from './event-stream'

/** A numbered log that may still grow. */
export interface EventSource<Item extends { readonly seq: number }> {
  /** Items numbered above `after`, in order, at most `limit`. */
  readAfter(after: number, limit: number): Promise<readonly Item[]>
  /** Whether nothing will be added any more. Items added before it became true must be readable by then. */
  hasEnded(): Promise<boolean>
}

export interface FollowOptions<Item extends { readonly seq: number }> {
  /** The number that the reader has seen last; 0 to begin with the first. */
  readonly after: number
  /** What is sent of an item. */
  readonly toData: (item: Item) => unknown
  /** Ends the stream when it fires: the reader has gone. */
  readonly signal: AbortSignal
  /** Pause between looks for new items, in milliseconds. Default: 150. */
  readonly pollMs?: number
  /** A comment is sent after so much silence, in milliseconds. Default: 10 000. */
  readonly keepAliveMs?: number
  /** Items read at once. Default: 500. */
  readonly batchSize?: number
}

/**
 * Follows a numbered log as an event stream: what the reader has not seen yet, then what comes, then `event: end`.
 * Each number is sent once, in order: the reader's place is the last number sent, nothing else is remembered.
 * Nothing is read before the reader asks for more, so a slow one costs one batch of memory.
 */
export function followEvents<Item extends { readonly seq: number }>(
  source: EventSource<Item>,
  options: FollowOptions<Item>,
): ReadableStream<Uint8Array> {
  const gone = new AbortController()
  const signal = AbortSignal.any([options.signal, gone.signal])
  const chunks = textChunks(source, options, signal)
  const encoder = new TextEncoder()
  return new ReadableStream<Uint8Array>(
    {
      pull: async (controller) => {
        const next = await chunks.next()
        if (next.done) controller.close()
        else controller.enqueue(encoder.encode(next.value))
      },
      cancel: () => gone.abort(),
    },
    { highWaterMark: 1 },
  )
}

async function* textChunks<Item extends { readonly seq: number }>(
  source: EventSource<Item>,
  { after, toData, pollMs = 150, keepAliveMs = 10_000, batchSize = 500 }: FollowOptions<Item>,
  signal: AbortSignal,
): AsyncGenerator<string, void> {
  let last = after
  let spokeAt = Date.now()
  let hasEnded = false
  // Also makes proxies and browsers open the stream at once, before there is an item.
  yield encodeRetry(1_000)
  while (!signal.aborted) {
    const items = await source.readAfter(last, batchSize)
    const newest = items.at(-1)
    if (newest) {
      last = newest.seq
      spokeAt = Date.now()
      yield items.map((item) => encodeMessage({ id: item.seq, event: 'message', data: toData(item) })).join('')
    } else if (hasEnded) {
      yield encodeMessage({ event: 'end', data: { lastSeq: last } })
      return
    } else if (await source.hasEnded()) {
      // Items may have come between the look for items and this answer: one more look, then the end.
      hasEnded = true
    } else {
      if (Date.now() - spokeAt >= keepAliveMs) {
        spokeAt = Date.now()
        yield encodeComment('keep-alive')
      }
      await pause(pollMs, signal)
    }
  }
}
