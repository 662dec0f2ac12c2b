import { setFlagsFromString } from 'node:v8'
import { runInNewContext } from 'node:vm'

/** V8's garbage collector, for the heap of the thread that calls it: all of it, or the young objects alone. */
export type Collect = (options?: { readonly type: 'minor' }) => void

let collect: Collect | undefined

/** Asks V8 for its collector the documented way for what has no command line, such as a thread; does nothing where there is none. */
export function collector(): Collect {
  collect ??= expose()
  return collect
}

function expose(): Collect {
  setFlagsFromString('--expose-gc')
  const found: unknown = runInNewContext('gc')
  return typeof found === 'function' ? (found as Collect) : () => undefined
}
