import { once } from 'node:events'
import type { AddressInfo } from 'node:net'
import { createServer } from 'node:net'
import { expect, it } from 'vitest'
import { connectPostgres } from './connect'

it('a session that is ended in the breath in which it begins is a failure that is told, and not the end of the process', async () => {
  const uncaught: unknown[] = []
  const note = (error: unknown) => uncaught.push(error)
  process.on('uncaughtExceptionMonitor', note)
  const server = createServer((socket) => {
    socket.on('error', () => undefined)
    socket.once('data', () => socket.end(Buffer.concat([authenticationOk, readyForQuery, terminated])))
  })
  try {
    await once(server.listen(0, '127.0.0.1'), 'listening')
    const { port } = server.address() as AddressInfo
    const url = `postgresql://app@127.0.0.1:${port}/app?sslmode=disable`
    await expect(connectPostgres(url, { applicationName: 'bascule test' })).rejects.toMatchObject({ code: 'TARGET_CONNECTION_LOST' })
    expect(uncaught).toEqual([])
  } finally {
    process.off('uncaughtExceptionMonitor', note)
    server.close()
  }
})

/** https://www.postgresql.org/docs/current/protocol-message-formats.html */
function message(type: string, body: Buffer): Buffer {
  const head = Buffer.alloc(5)
  head.write(type)
  head.writeInt32BE(body.length + 4, 1)
  return Buffer.concat([head, body])
}

const authenticationOk = message('R', Buffer.from([0, 0, 0, 0]))
const readyForQuery = message('Z', Buffer.from('I'))
const terminated = message('E', Buffer.from('SFATAL\0C57P01\0Mterminating connection due to administrator command\0\0'))
