import { join } from 'node:path'
import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import { reportError } from '@/lib/core/errors'
import { type OwnServer, startOwnServer } from '@/tests/support/own-server'
import { createTemporaryFolder } from '@/tests/support/sqlite-databases'
import { rollBack } from '../roll-back'
import { createSwitchedPair, type Engine, type SwitchedPair } from '../testing/switched-pair'
import { cutOverLive } from './cut-over-live'

const never = new AbortController().signal
const quiet = () => undefined

/** Needs /proc, to find the processes of the server. */
describe.runIf(process.platform === 'linux')('PostgreSQL killed inside a freeze, and started again', () => {
  let folder: Awaited<ReturnType<typeof createTemporaryFolder>>
  let server: OwnServer
  let pair: SwitchedPair

  beforeAll(async () => {
    folder = await createTemporaryFolder('server-killed')
    server = await startOwnServer(join(folder.path, 'cluster'))
    pair = await createSwitchedPair(server.url)
  }, 120_000)

  afterAll(async () => {
    await pair?.[Symbol.asyncDispose]()
    await server?.[Symbol.asyncDispose]()
    await folder?.[Symbol.asyncDispose]()
  })

  it.each([
    ['over', 'wake', 'sqlite'],
    ['over', 'drain', 'sqlite'],
    ['over', 'record', 'postgresql'],
    ['back', 'fence', 'postgresql'],
    ['back', 'ended', 'postgresql'],
    ['back', 'carry', 'sqlite'],
  ] as const)('%s, after "%s": one side takes writes, and has them all', { timeout: 180_000 }, async (direction, at, expected) => {
    await pair.bringTo(direction === 'over' ? 'sqlite' : 'postgresql')
    let restarting: Promise<void> | undefined
    const onStep = (step: string) => {
      if (step !== at || restarting) return
      server.kill()
      restarting = server.restart()
    }
    const ended = await (direction === 'over' ? cutOverLive : rollBack)(
      { ...pair.options, onStep },
      pair.flip(direction),
      quiet,
      never,
    ).then(
      () => 'made',
      (error: unknown) => reportError(error).code,
    )
    expect(restarting).toBeDefined()
    await restarting
    const engine: Engine = await pair.recover()
    console.info(`${direction}, killed after ${at}: ${ended}, then on ${engine}`)
    expect(engine).toBe(expected)
    await pair.writeOn(engine)
    await pair.expectAllRows()
  })
})
