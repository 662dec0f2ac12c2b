import { spawn } from 'node:child_process'

/** Cost of one run, of the measured process alone. */
export interface Cost {
  readonly wallMs: number
  /** User and system time of the process. */
  readonly cpuMs: number
  readonly peakRssMiB: number
  /** Longest time that the event loop did not turn, in milliseconds; null where the process has none. */
  readonly longestBlockMs: number | null
}

/**
 * Runs a script of this folder in a process of its own, with the worker's memory settings (scripts/start.ts), and returns
 * the JSON of its last line on standard output.
 */
export async function runMeasured(script: string, input: unknown): Promise<unknown> {
  const child = spawn(process.execPath, ['--import', 'tsx', script, JSON.stringify(input)], {
    env: { ...process.env, MALLOC_ARENA_MAX: process.env.MALLOC_ARENA_MAX ?? '2' },
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

/** Measures this process from now until `stop` is called. */
export function startMeasuring(): { readonly stop: () => Cost } {
  const started = performance.now()
  const cpu = process.cpuUsage()
  let last = started
  let longestBlockMs = 0
  const beatMs = 5
  const beat = setInterval(() => {
    const now = performance.now()
    longestBlockMs = Math.max(longestBlockMs, now - last - beatMs)
    last = now
  }, beatMs)
  return {
    stop: () => {
      clearInterval(beat)
      const used = process.cpuUsage(cpu)
      return {
        wallMs: performance.now() - started,
        cpuMs: (used.user + used.system) / 1000,
        peakRssMiB: process.resourceUsage().maxRSS / 1024,
        longestBlockMs,
      }
    },
  }
}
