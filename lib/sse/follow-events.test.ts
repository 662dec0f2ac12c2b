import { describe, expect, it } from 'vitest'
import { encodeComment, encodeMessage, parseLastEventId } from './event-stream'
import { followEvents } from './follow-events'

interface Item {
  readonly seq: number
  readonly text: string
}

const never = new AbortController().signal

describe('following a log', () => {
  it('sends what is there and what comes, once each and in order, then the end', async () => {
    const log = growingLog()
    log.add(3)
    const reading = readAll(followEvents(log, { after: 0, toData: ({ text }) => text, signal: never, pollMs: 2 }))
    for (let round = 0; round < 20; round++) {
      await tick(3)
      log.add(1 + (round % 4))
    }
    log.end()
    const messages = await reading
    expect(idsOf(messages)).toEqual(numbers(1, log.items.length))
    expect(messages.at(-1)).toMatchObject({ event: 'end', data: `{"lastSeq":${log.items.length}}` })
  })

  it('goes on behind Last-Event-ID without gap or double, wherever the reader was cut off', async () => {
    const log = growingLog()
    log.add(57)
    log.end()
    for (const after of [0, 1, 23, 56, 57]) {
      const messages = await readAll(followEvents(log, { after, toData: ({ text }) => text, signal: never, batchSize: 10 }))
      expect(idsOf(messages)).toEqual(numbers(after + 1, 57))
      expect(messages.at(-1)?.event).toBe('end')
    }
  })

  it('loses no item that came between the last look and the end', async () => {
    const log = growingLog()
    log.add(2)
    const hasEnded = async () => {
      log.add(1)
      return true
    }
    const late = { ...log, hasEnded }
    const messages = await readAll(followEvents(late, { after: 0, toData: ({ text }) => text, signal: never }))
    expect(idsOf(messages).slice(0, 3)).toEqual([1, 2, 3])
  })

  it('carries fifty thousand items in batches', async () => {
    const log = growingLog()
    log.add(50_000)
    log.end()
    const messages = await readAll(followEvents(log, { after: 0, toData: ({ text }) => text, signal: never }))
    expect(idsOf(messages)).toEqual(numbers(1, 50_000))
    expect(log.largestBatch()).toBe(500)
  })

  it('reads no further than the reader asks for', async () => {
    const log = growingLog()
    log.add(5_000)
    const reader = followEvents(log, { after: 0, toData: ({ text }) => text, signal: never, batchSize: 10 }).getReader()
    await reader.read()
    await reader.read()
    await tick(30)
    expect(log.reads()).toBeLessThanOrEqual(3)
    await reader.cancel()
  })

  it('stops looking when the reader goes, by cancelling or by the signal', async () => {
    for (const leave of ['cancel', 'signal'] as const) {
      const log = growingLog()
      const gone = new AbortController()
      const reader = followEvents(log, { after: 0, toData: ({ text }) => text, signal: gone.signal, pollMs: 2 }).getReader()
      await reader.read()
      const waiting = reader.read()
      await tick(20)
      if (leave === 'cancel') await reader.cancel()
      else gone.abort()
      await waiting
      const reads = log.reads()
      await tick(30)
      expect(log.reads() - reads).toBeLessThanOrEqual(1)
    }
  })

  it('sends comments into a long silence', async () => {
    const log = growingLog()
    const reader = followEvents(log, { after: 0, toData: ({ text }) => text, signal: never, pollMs: 2, keepAliveMs: 20 }).getReader()
    await reader.read()
    const chunk = await reader.read()
    expect(new TextDecoder().decode(chunk.value)).toBe(': keep-alive\n\n')
    await reader.cancel()
  })
})

describe('encoding', () => {
  it('keeps any text on one data line', () => {
    const data = { text: 'two\nlines\r\nand\u2028more' }
    const message = encodeMessage({ id: 7, event: 'message', data })
    expect(message.split('\n')).toHaveLength(5)
    expect(JSON.parse(message.split('\n')[2]?.slice('data: '.length) ?? '')).toEqual(data)
    expect(encodeComment('a\nid: 9')).toBe(': a id: 9\n\n')
  })

  it('takes only a plain number as Last-Event-ID', () => {
    expect([null, '', '12', '-1', '1e3', '12; drop', '9'.repeat(40)].map(parseLastEventId)).toEqual([0, 0, 12, 0, 0, 0, 0])
  })
})

function growingLog() {
  const items: Item[] = []
  let ended = false
  let reads = 0
  let largest = 0
  return {
    items,
    add: (count: number) => {
      for (let index = 0; index < count; index++) items.push({ seq: items.length + 1, text: `item ${items.length + 1}` })
    },
    end: () => {
      ended = true
    },
    reads: () => reads,
    largestBatch: () => largest,
    readAfter: async (after: number, limit: number): Promise<readonly Item[]> => {
      reads++
      const batch = items.filter((item) => item.seq > after).slice(0, limit)
      largest = Math.max(largest, batch.length)
      return batch
    },
    hasEnded: async () => ended,
  }
}

async function readAll(stream: ReadableStream<Uint8Array>): Promise<{ id?: string; event?: string; data?: string }[]> {
  const text = await new Response(stream).text()
  return text
    .split('\n\n')
    .filter((block) => block.includes('data: '))
    .map((block) => Object.fromEntries(block.split('\n').map((line) => line.split(/: (.*)/s).slice(0, 2))))
}

function idsOf(messages: readonly { id?: string }[]): number[] {
  return messages.flatMap(({ id }) => (id === undefined ? [] : [Number(id)]))
}

function numbers(first: number, last: number): number[] {
  return Array.from({ length: Math.max(0, last - first + 1) }, (_, index) => first + index)
}

function tick(ms: number): Promise<void> {
  return new Promise((resolve) => setTimeout(resolve, ms))
}
