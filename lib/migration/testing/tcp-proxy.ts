import { once } from 'node:events'
import { type AddressInfo, connect, createServer, type Socket } from 'node:net'

export interface TcpProxy extends AsyncDisposable {
  /** The URL that leads through the proxy. */
  readonly url: string
  /** Cuts every connection, and refuses new ones until `open`. */
  shut(): Promise<void>
  open(): Promise<void>
  /** Cuts every connection and takes new ones at once. */
  cut(): void
  /** Passes nothing on any more, in either direction, as a network that drops: connections stay, new ones get no answer. */
  drop(): void
  /** Passes on again, also what was held back. */
  pass(): void
  /** Runs `act` once, when something that holds this text has been passed on to the server, and its answer has not come back. */
  onceSent(text: string, act: () => void): void
}

/** A way to a server on this machine that can be cut and opened again, as a network can. */
export async function createTcpProxy(serverUrl: string): Promise<TcpProxy> {
  const to = new URL(serverUrl)
  const sockets = new Set<Socket>()
  const pairs = new Map<Socket, Socket>()
  let drops = false
  let awaited: { readonly text: string; readonly act: () => void } | undefined
  const start = async (port: number) => {
    const server = createServer((near) => {
      const far = connect(Number(to.port), to.hostname)
      for (const [one, other] of [
        [near, far],
        [far, near],
      ] as const) {
        sockets.add(one)
        if (!drops) one.pipe(other)
        pairs.set(one, other)
        if (one === near) {
          one.on('data', (chunk: Buffer) => {
            if (!awaited || !chunk.includes(awaited.text)) return
            const { act } = awaited
            awaited = undefined
            // After the pipe's own listener has written it.
            queueMicrotask(act)
          })
        }
        // A cut connection is what this is for.
        one.on('error', () => undefined)
        one.on('close', () => {
          sockets.delete(one)
          pairs.delete(one)
          other.destroy()
        })
      }
    })
    server.listen(port, '127.0.0.1')
    await once(server, 'listening')
    return server
  }
  let server = await start(0)
  const { port } = server.address() as AddressInfo
  const cut = () => {
    for (const socket of sockets) socket.resetAndDestroy()
  }
  const shut = async () => {
    const closed = once(server, 'close')
    server.close()
    cut()
    await closed
  }
  const url = new URL(serverUrl)
  url.hostname = '127.0.0.1'
  url.port = String(port)
  return {
    url: url.href,
    cut,
    drop: () => {
      drops = true
      for (const [one, other] of pairs) one.unpipe(other).pause()
    },
    pass: () => {
      drops = false
      for (const [one, other] of pairs) one.pipe(other)
    },
    onceSent: (text, act) => {
      awaited = { text, act }
    },
    shut,
    open: async () => {
      server = await start(port)
    },
    [Symbol.asyncDispose]: async () => {
      if (server.listening) await shut()
    },
  }
}
