import { spawn } from 'node:child_process'
import { readdir, readFile } from 'node:fs/promises'

export interface WatchedRun {
  readonly wallMs: number
  /** Largest memory of the program itself; null where the system has no /proc. */
  readonly peakMiB: number | null
  /** Largest memory of one process that it started, such as the one in which SQLite copies its file. */
  readonly childPeakMiB: number | null
  /** Largest memory of all of them at one moment, what they share counted once: looked at ten times a second. */
  readonly togetherMiB: number | null
  readonly output: string
}

/** Runs a program to its end and watches its memory, and that of the processes it starts. @throws Error for a status other than 0 */
export async function runWatched(command: string, args: readonly string[], env: NodeJS.ProcessEnv): Promise<WatchedRun> {
  const started = performance.now()
  const child = spawn(command, args, { env, stdio: ['ignore', 'pipe', 'pipe'] })
  let output = ''
  let complaint = ''
  child.stdout.setEncoding('utf8').on('data', (text: string) => {
    output += text
  })
  child.stderr.setEncoding('utf8').on('data', (text: string) => {
    complaint = `${complaint}${text}`.slice(-2_000)
  })
  const ended = new Promise<number | null>((resolve, reject) => child.once('error', reject).once('close', resolve))
  const watch = watchMemory(child.pid as number)
  const status = await ended
  const peaks = await watch.stop()
  if (status !== 0) throw new Error(`${args.join(' ')} ended with status ${status}: ${complaint}${output.slice(-500)}`)
  return { wallMs: performance.now() - started, ...peaks, output }
}

/** Reads the kernel's own high-water marks until it is stopped: nothing between two looks is missed but a process's last moment. */
export function watchMemory(pid: number) {
  const peaks = new Map<number, number>()
  let together = 0
  let looking = Promise.resolve()
  const look = async () => {
    let now = 0
    for (const each of [pid, ...(await childrenOf(pid))]) {
      const peak = await figureOf(each, 'status', 'VmHWM')
      if (peak !== null) peaks.set(each, Math.max(peak, peaks.get(each) ?? 0))
      now += (await figureOf(each, 'smaps_rollup', 'Pss')) ?? 0
    }
    together = Math.max(together, now)
  }
  const timer = setInterval(() => {
    looking = looking.then(look)
  }, 100)
  return {
    stop: async () => {
      clearInterval(timer)
      await looking
      const children = [...peaks].filter(([each]) => each !== pid).map(([, peak]) => peak)
      return {
        peakMiB: peaks.get(pid) ?? null,
        childPeakMiB: children.length > 0 ? Math.max(...children) : null,
        togetherMiB: together > 0 ? together : null,
      }
    },
  }
}

async function childrenOf(pid: number): Promise<number[]> {
  const threads = await readdir(`/proc/${pid}/task`).catch(() => [])
  const lists = await Promise.all(threads.map((thread) => readFile(`/proc/${pid}/task/${thread}/children`, 'utf8').catch(() => '')))
  return lists.join(' ').split(' ').filter(Boolean).map(Number)
}

/** In MiB. A process that is just ending has none. */
async function figureOf(pid: number, file: 'status' | 'smaps_rollup', name: 'VmHWM' | 'Pss'): Promise<number | null> {
  const text = await readFile(`/proc/${pid}/${file}`, 'utf8').catch(() => '')
  const kib = new RegExp(`^${name}:\\s+(\\d+) kB`, 'm').exec(text)?.[1]
  return kib === undefined ? null : Number(kib) / 1024
}
