/**
 * Switches an app in a process of its own, which ends itself by SIGKILL right after one step of the protocol: the direction,
 * the step and the options come as JSON in the first argument. The flip is a line in a file, as durable as a state is.
 */
import { appendFileSync } from 'node:fs'
import { dirname } from 'node:path'
import { cutOverLive } from '../live/cut-over-live'
import { leaveGonePostgres } from '../live/emergency'
import { finishSwitch } from '../live/finish'
import { bringForward } from '../live/forward'
import { rollBack } from '../roll-back'

interface Order {
  readonly direction: 'over' | 'back' | 'away' | 'finish' | 'forward'
  /** Of the way forward: which log notes since the app came back. */
  readonly log?: string
  /** Null: to the end. */
  readonly killAfter: string | null
  readonly stateFile: string
  readonly options: { readonly sourcePath: string; readonly targetUrl: string; readonly jobId: string; readonly freezeLimitMs: number }
}

const order = JSON.parse(process.argv[2] ?? '{}') as Order
const never = new AbortController().signal
const onStep = (step: string) => {
  if (step === order.killAfter) process.kill(process.pid, 'SIGKILL')
}
const flip = async () => appendFileSync(order.stateFile, `${order.direction}\n`)
if (order.direction === 'over') await cutOverLive({ ...order.options, onStep }, flip, () => undefined, never)
else if (order.direction === 'finish')
  await finishSwitch({ ...order.options, archiveFolder: dirname(order.stateFile), at: new Date(), onStep }, flip, () => undefined, never)
else if (order.direction === 'away') await leaveGonePostgres({ ...order.options, from: 'on-postgresql', onStep }, flip, () => undefined)
else if (order.direction === 'forward')
  await bringForward({ ...order.options, log: order.log ?? '', workDir: dirname(order.stateFile), onStep }, () => undefined, never)
else await rollBack({ ...order.options, onStep }, flip, () => undefined, never)
