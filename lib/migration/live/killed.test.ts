import { fork } from 'node:child_process'
import { once } from 'node:events'
import { rmSync } from 'node:fs'
import { afterAll, beforeAll, describe, expect, inject, it } from 'vitest'
import { bundleChild } from '../testing/bundle-child'
import { createSwitchedPair, type Engine, type SwitchedPair } from '../testing/switched-pair'
import { type CutOverStep, cutOverSteps, type GoBackStep, goBackSteps } from './protocol'

/** From the record on PostgreSQL goes on, whoever was told; from the flip back on SQLite. */
const outcomes: Readonly<Record<CutOverStep | GoBackStep, Engine>> = {
  wake: 'sqlite',
  drain: 'sqlite',
  record: 'postgresql',
  moved: 'postgresql',
  flip: 'postgresql',
  fence: 'postgresql',
  ended: 'postgresql',
  carry: 'postgresql',
  returning: 'postgresql',
  'flip-back': 'sqlite',
  lower: 'sqlite',
}

/** One pair of databases is taken through every step of both directions, its process killed after each. */
describe('a switch whose process is killed', () => {
  let pair: SwitchedPair
  let child: string
  const tried = new Set<string>()

  beforeAll(async () => {
    child = await bundleChild('switch-in-child.ts')
    pair = await createSwitchedPair(inject('embeddedPostgresUrl'))
  }, 120_000)

  afterAll(async () => {
    await pair?.[Symbol.asyncDispose]()
    if (child) rmSync(child, { force: true })
  })

  async function killIn(direction: 'over' | 'back', killAfter: string): Promise<void> {
    const order = { direction, killAfter, stateFile: pair.stateFile, options: pair.options }
    const [code, signal] = await once(fork(child, [JSON.stringify(order)], { stdio: ['ignore', 'ignore', 'inherit', 'ipc'] }), 'exit')
    expect([code, signal]).toEqual([null, 'SIGKILL'])
  }

  async function recoverAndWrite(expected: Engine): Promise<void> {
    expect(await pair.recover()).toBe(expected)
    // Safe to repeat: the worker that recovers may be killed as well.
    expect(await pair.recover()).toBe(expected)
    await pair.writeOn(expected)
  }

  // In the order that needs the fewest copies made anew: each begins where the one before it has left the app.
  it.each([
    ['over', 'wake'],
    ['over', 'drain'],
    ['over', 'record'],
    ['back', 'fence'],
    ['back', 'ended'],
    ['back', 'carry'],
    ['back', 'returning'],
    ['back', 'flip-back'],
    ['over', 'moved'],
    ['back', 'lower'],
    ['over', 'flip'],
  ] as const)('on its way %s, after "%s"', async (direction, step) => {
    tried.add(step)
    await pair.bringTo(direction === 'over' ? 'sqlite' : 'postgresql')
    await killIn(direction, step)
    await recoverAndWrite(outcomes[step])
  })

  it('every step of both directions was one of them, and every row that was written is there once', async () => {
    expect([...tried].sort()).toEqual([...cutOverSteps, ...goBackSteps].sort())
    await pair.expectAllRows()
  })
})
