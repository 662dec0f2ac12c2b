import { spawn } from 'node:child_process'
import { readFileSync } from 'node:fs'
import { workerEnvironment, workerNodeArgs } from '@/scripts/start/worker-command'

/** Cost of one run, of the measured process alone. */
export interface Cost {
  readonly wallMs: number
  /** User and system time of the process. */
  readonly cpuMs: number
  readonly peakRssMiB: number
  /** Longest time that the event loop did not turn, in milliseconds; null where the process has none. */
  readonly longestBlockMs: number | null
  /** Most processor time of the main thread between two turns, in milliseconds: what of a block was ours, and not the machine's. */
  readonly longestBlockCpuMs: number | null
  /** Where each of the two was seen: what `at` said. */
  readonly longestBlocksAt: readonly [string, string]
}

/**
 * Runs a script of this folder in a process of its own, and returns the JSON of its last line on standard output.
 *
 * @param likeWorker whether it is launched as the worker is (scripts/start.ts): as one piece, with the same memory settings
 */
export async function runMeasured(script: string, input: unknown, likeWorker = false): Promise<unknown> {
  const launch = likeWorker ? workerNodeArgs : ['--import', 'tsx']
  const child = spawn(process.execPath, [...launch, script, JSON.stringify(input)], {
    env: workerEnvironment(process.env),
    stdio: ['ignore', 'pipe', 'inherit'],
  })
  let output = ''
  child.stdout.setEncoding('utf8').on('data', (text: string) => {
    output += text
  })
  const status = await new Promise<number | null>((resolve, reject) => child.on('error', reject).on('close', resolve))
  const last = output.trim().split('\n').at(-1) ?? ''
  if (status !== 0 || !last.startsWith('{')) throw new Error(`${script} ended with status ${status}: ${last.slice(0, 500)}`)
  return JSON.parse(last)
}

/** Wall time of a piece of work, in milliseconds. */
export async function timed<T>(work: () => Promise<T>): Promise<{ readonly value: T; readonly wallMs: number }> {
  const started = performance.now()
  const value = await work()
  return { value, wallMs: performance.now() - started }
}

/**
 * Measures this process from now until `stop` is called.
 *
 * @param at what goes on at the moment, for the longest blocks to be placed. Default: nothing.
 */
export function startMeasuring(at: () => string = () => ''): { readonly stop: () => Cost } {
  const started = performance.now()
  const cpu = process.cpuUsage()
  let last = started
  let longestBlockMs = 0
  let lastCpu = mainThreadCpuMs()
  let longestBlockCpuMs = 0
  const places: [string, string] = ['', '']
  const beatMs = 5
  const beat = setInterval(() => {
    const now = performance.now()
    if (now - last - beatMs > longestBlockMs) {
      longestBlockMs = now - last - beatMs
      places[0] = at()
    }
    last = now
    const used = mainThreadCpuMs()
    if (used !== null && lastCpu !== null && used - lastCpu > longestBlockCpuMs) {
      longestBlockCpuMs = used - lastCpu
      places[1] = at()
    }
    lastCpu = used
  }, beatMs)
  return {
    stop: () => {
      clearInterval(beat)
      const used = process.cpuUsage(cpu)
      return {
        wallMs: performance.now() - started,
        cpuMs: (used.user + used.system) / 1000,
        peakRssMiB: peakRssMiB(),
        longestBlockMs,
        longestBlockCpuMs: lastCpu === null ? null : longestBlockCpuMs,
        longestBlocksAt: places,
      }
    },
  }
}

/**
 * Largest resident memory of this process. Linux hands ru_maxrss on from the process that started this one, whatever that
 * needed for itself (building a source of 15 million rows: 268 MiB); VmHWM is our own.
 */
function peakRssMiB(): number {
  try {
    const own = /^VmHWM:\s+(\d+) kB/m.exec(readFileSync('/proc/self/status', 'utf8'))?.[1]
    if (own !== undefined) return Number(own) / 1024
  } catch {
    // Not Linux.
  }
  return process.resourceUsage().maxRSS / 1024
}

/** Processor time of the main thread so far, without waiting for a processor; null where the system does not tell (Linux does). */
function mainThreadCpuMs(): number | null {
  try {
    return Number(readFileSync('/proc/self/schedstat', 'utf8').split(' ')[0]) / 1e6
  } catch {
    return null
  }
}
