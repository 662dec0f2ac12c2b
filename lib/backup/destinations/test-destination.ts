import { randomBytes } from 'node:crypto'
import { reportError } from '@/lib/core/errors'
import type { DestinationTest, TestStep } from './destination'
import { DestinationError, reasonOfReport } from './destination-error'
import type { Storage } from './storage'

/** How long a test may take in all, in milliseconds. */
const timeLimitMs = 45_000

/**
 * Tries a destination with a small object of its own: written, read back and compared, listed, deleted. What does not work is
 * an answer: the step and the reason; the steps after it are skipped, but what was written is taken away all the same.
 */
export async function testDestination(storage: Storage, callerSignal: AbortSignal): Promise<DestinationTest> {
  const signal = AbortSignal.any([callerSignal, AbortSignal.timeout(timeLimitMs)])
  const name = `.bascule-test-${randomBytes(8).toString('hex')}`
  const content = randomBytes(1024)
  const steps: DestinationTest['steps'] = []
  let failed = false
  let written = false
  const run = async (step: TestStep, work: () => Promise<unknown>, always = false) => {
    if (failed && !always) {
      steps.push({ step, status: 'skipped', elapsedMs: 0, reason: null, message: null })
      return
    }
    const started = performance.now()
    const note = (status: 'passed' | 'failed', error?: unknown) =>
      steps.push({
        step,
        status,
        elapsedMs: performance.now() - started,
        reason: error === undefined ? null : reasonOfReport(error),
        message: error === undefined ? null : reportError(error).message,
      })
    try {
      await work()
      note('passed')
    } catch (error) {
      failed = true
      note('failed', error)
    }
  }
  await run('reach', () => storage.reach(signal))
  await run('write', async () => {
    await storage.writeProbe(name, content, signal)
    written = true
  })
  await run('read', async () => {
    if (!(await storage.readProbe(name, signal)).equals(content)) throw new DestinationError('different', name, '')
  })
  await run('list', async () => {
    if (!(await storage.listProbe(name, signal))) throw new DestinationError('missing', name, 'the list does not show it')
  })
  await run('delete', () => storage.removeProbe(name, signal), written)
  return { status: failed ? 'failed' : 'passed', steps }
}
