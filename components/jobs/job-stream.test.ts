import { afterEach, beforeEach, describe, expect, it, vi } from 'vitest'
import type { NumberedEvent } from '@/lib/jobs/job'
import { openJobStream, type StreamState } from './job-stream'

/** What a browser's EventSource does, driven by the test. */
class FakeEventSource extends EventTarget {
  static readonly CONNECTING = 0
  static readonly OPEN = 1
  static readonly CLOSED = 2
  static readonly opened: FakeEventSource[] = []
  readyState = FakeEventSource.CONNECTING

  constructor(readonly url: string) {
    super()
    FakeEventSource.opened.push(this)
  }

  close() {
    this.readyState = FakeEventSource.CLOSED
  }

  open() {
    this.readyState = FakeEventSource.OPEN
    this.dispatchEvent(new Event('open'))
  }

  say(seq: number) {
    const { at, event } = logged(seq)
    this.dispatchEvent(new MessageEvent('message', { data: JSON.stringify({ at, event }), lastEventId: String(seq) }))
  }

  lose(readyState: number) {
    this.readyState = readyState
    this.dispatchEvent(new Event('error'))
  }
}

const logged = (seq: number): NumberedEvent => ({
  seq,
  at: '2024-05-01T10:00:00.000Z',
  event: { type: 'log', level: 'info', message: `line ${seq}` },
})

/** What GET /api/jobs/:id/log has. */
let stored: readonly NumberedEvent[]
let seen: number[]
let states: StreamState[]

const follow = () =>
  openJobStream('job', {
    onEvents: (events) => seen.push(...events.map((event) => event.seq)),
    onState: (state) => states.push(state),
  })
const latest = () => {
  const source = FakeEventSource.opened.at(-1)
  if (!source) throw new Error('no stream was opened')
  return source
}

beforeEach(() => {
  vi.useFakeTimers()
  stored = []
  seen = []
  states = []
  FakeEventSource.opened.length = 0
  vi.stubGlobal('EventSource', FakeEventSource)
  vi.stubGlobal('fetch', async (path: string) => {
    const after = Number(new URL(path, 'http://localhost').searchParams.get('after'))
    return Response.json({ events: stored.filter((event) => event.seq > after) })
  })
})

afterEach(() => {
  vi.unstubAllGlobals()
  vi.useRealTimers()
})

describe('following a job', () => {
  it('hands events on in order and each once, also when the stream starts again from its beginning', async () => {
    const stream = follow()
    latest().open()
    for (const seq of [1, 2, 3]) latest().say(seq)
    await vi.advanceTimersByTimeAsync(200)
    latest().lose(FakeEventSource.CLOSED)
    expect(states.at(-1)).toBe('reconnecting')
    await vi.advanceTimersByTimeAsync(600)
    expect(FakeEventSource.opened).toHaveLength(2)
    latest().open()
    for (const seq of [1, 2, 3, 4]) latest().say(seq)
    await vi.advanceTimersByTimeAsync(200)
    expect(seen).toEqual([1, 2, 3, 4])
    expect(states.at(-1)).toBe('open')
    stream.close()
  })

  it('leaves it to the browser to reconnect while the browser still tries', async () => {
    const stream = follow()
    latest().open()
    latest().lose(FakeEventSource.CONNECTING)
    expect(states.at(-1)).toBe('reconnecting')
    await vi.advanceTimersByTimeAsync(60_000)
    expect(FakeEventSource.opened).toHaveLength(1)
    stream.close()
  })

  it('reads at the end what the stream did not bring', async () => {
    stored = [1, 2, 3].map(logged)
    follow()
    latest().open()
    latest().say(1)
    latest().dispatchEvent(new MessageEvent('end'))
    await vi.advanceTimersByTimeAsync(300)
    expect(seen).toEqual([1, 2, 3])
    expect(states.at(-1)).toBe('ended')
    expect(latest().readyState).toBe(FakeEventSource.CLOSED)
  })

  it('skips what it cannot read, and says nothing more once closed', async () => {
    const stream = follow()
    latest().open()
    latest().dispatchEvent(new MessageEvent('message', { data: 'not JSON', lastEventId: '1' }))
    latest().say(2)
    stream.close()
    await vi.advanceTimersByTimeAsync(20_000)
    expect(seen).toEqual([])
    expect(FakeEventSource.opened).toHaveLength(1)
  })
})
