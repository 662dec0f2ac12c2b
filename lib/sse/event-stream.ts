/** One message of an event stream (https://html.spec.whatwg.org/multipage/server-sent-events.html). */
export interface StreamMessage {
  /** What the browser sends back as Last-Event-ID; absent leaves its last one as it is. */
  readonly id?: number
  /** Default of the browser: "message". */
  readonly event?: string
  /** Sent as JSON, on one line. */
  readonly data: unknown
}

/** Headers of an event stream: no cache, no transforming proxy, no buffering by nginx. */
export const eventStreamHeaders: Readonly<Record<string, string>> = {
  'Content-Type': 'text/event-stream; charset=utf-8',
  'Cache-Control': 'no-cache, no-transform',
  'X-Accel-Buffering': 'no',
}

/** A message as it goes over the wire. JSON holds no raw line break, so one `data:` line is enough. */
export function encodeMessage(message: StreamMessage): string {
  const id = message.id === undefined ? '' : `id: ${message.id}\n`
  const event = message.event === undefined ? '' : `event: ${message.event}\n`
  return `${id}${event}data: ${JSON.stringify(message.data)}\n\n`
}

/** A comment: keeps proxies and the connection awake, and is ignored by the browser. */
export function encodeComment(text: string): string {
  return `: ${text.replace(/[\r\n]+/g, ' ')}\n\n`
}

/** How long the browser waits before it connects again, in milliseconds. */
export function encodeRetry(ms: number): string {
  return `retry: ${ms}\n\n`
}

/** The number to go on after: Last-Event-ID as the browser sends it, 0 when it is absent or not a number of ours. */
export function parseLastEventId(text: string | null): number {
  return text !== null && /^\d{1,15}$/.test(text) ? Number(text) : 0
}
