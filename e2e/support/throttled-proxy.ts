import { connect, createServer, type Socket } from 'node:net'

export interface ThrottledProxy {
  readonly port: number
  /** How fast each connection may send, bytes a second; of its own, as a fair line would give. Infinity: unhindered. */
  setRate(bytesPerSecond: number): void
  /** Breaks every connection, as a cable that is pulled out. */
  cut(): void
  /** Breaks every connection and takes no new one until `open`: the server is gone. */
  shut(): void
  open(): void
  stop(): Promise<void>
}

const tickMs = 20

/**
 * A line between the worker and PostgreSQL whose speed the test decides. It makes "in mid-copy" a state that lasts as
 * long as a journey needs, on a fast machine and on a slow one, without touching the app.
 */
export async function startThrottledProxy(target: { readonly host: string; readonly port: number }): Promise<ThrottledProxy> {
  let rate = Number.POSITIVE_INFINITY
  const pairs = new Set<readonly [Socket, Socket]>()
  const waiting = new Map<Socket, { readonly upstream: Socket; chunks: Buffer[] }>()

  let isShut = false
  const server = createServer((client) => {
    if (isShut) {
      client.destroy()
      return
    }
    const upstream = connect(target.port, target.host)
    const pair = [client, upstream] as const
    pairs.add(pair)
    waiting.set(client, { upstream, chunks: [] })
    const end = () => {
      pairs.delete(pair)
      waiting.delete(client)
      client.destroy()
      upstream.destroy()
    }
    for (const socket of pair) socket.on('error', end).on('close', end).setNoDelay(true)
    client.on('data', (chunk) => {
      if (rate === Number.POSITIVE_INFINITY && waiting.get(client)?.chunks.length === 0) {
        upstream.write(chunk)
        return
      }
      waiting.get(client)?.chunks.push(chunk)
      // No more is taken than can be passed on, so that the sender feels it.
      client.pause()
    })
    upstream.pipe(client)
  })

  const timer = setInterval(() => {
    for (const [client, line] of waiting) {
      let allowance = rate === Number.POSITIVE_INFINITY ? rate : Math.max(1, Math.floor((rate * tickMs) / 1000))
      while (allowance > 0 && line.chunks.length > 0) {
        const first = line.chunks[0] as Buffer
        const part = first.subarray(0, Math.min(first.length, allowance))
        allowance -= part.length
        line.upstream.write(part)
        if (part.length === first.length) line.chunks.shift()
        else line.chunks[0] = first.subarray(part.length)
      }
      if (line.chunks.length === 0) client.resume()
    }
  }, tickMs)

  await new Promise<void>((resolve, reject) => server.once('error', reject).listen(0, '127.0.0.1', resolve))
  const address = server.address()
  if (address === null || typeof address === 'string') throw new Error('no port')
  const cut = () => {
    for (const [client, upstream] of [...pairs]) {
      client.destroy()
      upstream.destroy()
    }
  }
  return {
    port: address.port,
    setRate: (bytesPerSecond) => {
      rate = bytesPerSecond
    },
    cut,
    shut: () => {
      isShut = true
      cut()
    },
    open: () => {
      isShut = false
    },
    stop: () => {
      clearInterval(timer)
      cut()
      return new Promise((resolve) => server.close(() => resolve()))
    },
  }
}
