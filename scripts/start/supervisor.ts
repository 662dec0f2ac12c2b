import { type ChildProcess, spawn } from 'node:child_process'
import { createInterface } from 'node:readline'
import { pause } from '@/lib/core/pause'
import { guard } from '../guardian'

/** A program that is kept running. */
export interface Program {
  /** Written before each line of its output. */
  readonly name: string
  /** Arguments of node. */
  readonly args: readonly string[]
  readonly env: Readonly<Record<string, string | undefined>>
}

export interface SupervisorOptions {
  readonly cwd: string
  /** Receives each line of output, with the program's name before it. */
  readonly write: (line: string) => void
  /** Called as soon as a program has ended that is to be started again, with its name; what it does is not waited for. */
  readonly onEnd?: (name: string) => void
  /** Pause before a program that died is started again, in milliseconds; doubled each time up to thirty seconds. Default: 250. */
  readonly firstPauseMs?: number
  /** A program that ran this long begins again with the first pause. Default: 60,000. */
  readonly steadyMs?: number
  /** How long programs have to end on SIGTERM, in milliseconds. Default: 12,000. */
  readonly graceMs?: number
}

const longestPauseMs = 30_000

/**
 * Runs programs side by side until `signal` fires, and starts again whichever ends, for whatever reason; then asks all to
 * end and kills what has not after the grace. Each is the head of a process group, so that Ctrl-C reaches us alone and
 * nothing of theirs is left; a guardian ends the group should we ourselves be killed.
 *
 * Not `concurrently`: it does not restart what ended with status 0, never shortens a pause again, and puts a
 * shell between us and the program, which a kill would hit instead.
 */
export async function supervise(programs: readonly Program[], options: SupervisorOptions, signal: AbortSignal): Promise<void> {
  await Promise.all(programs.map((program) => keepRunning(program, options, signal)))
}

async function keepRunning(program: Program, options: SupervisorOptions, signal: AbortSignal): Promise<void> {
  const { write, firstPauseMs = 250, steadyMs = 60_000 } = options
  let pauseMs = firstPauseMs
  while (!signal.aborted) {
    const startedAt = performance.now()
    const ending = await runOnce(program, options, signal)
    if (signal.aborted) return
    options.onEnd?.(program.name)
    if (performance.now() - startedAt >= steadyMs) pauseMs = firstPauseMs
    write(`[start] ${program.name} ended (${ending}); starting it again in ${pauseMs / 1000} s`)
    await pause(pauseMs, signal)
    pauseMs = Math.min(pauseMs * 2, longestPauseMs)
  }
}

/** Runs a program to its end. Answers how it ended. */
async function runOnce(program: Program, { cwd, write, graceMs = 12_000 }: SupervisorOptions, signal: AbortSignal): Promise<string> {
  const child = spawn(process.execPath, program.args, {
    cwd,
    // NODE_ENV is declared as always there by Next's types; the record holds whatever the caller has.
    env: program.env as NodeJS.ProcessEnv,
    detached: true,
    stdio: ['ignore', 'pipe', 'pipe'],
  })
  const dismissGuardian = child.pid === undefined ? () => undefined : guard({ pid: -child.pid, signal: 'TERM' })
  for (const stream of [child.stdout, child.stderr])
    createInterface({ input: stream }).on('line', (line) => write(`[${program.name}] ${line}`))
  let killing: NodeJS.Timeout | undefined
  const stop = () => {
    signalGroup(child, 'SIGTERM')
    killing = setTimeout(() => signalGroup(child, 'SIGKILL'), graceMs)
  }
  signal.addEventListener('abort', stop, { once: true })
  if (signal.aborted) stop()
  const ending = await new Promise<string>((resolve) => {
    child.once('error', (error) => resolve(error.message))
    child.once('exit', (code, killedBy) => resolve(killedBy ?? `status ${code}`))
  })
  signal.removeEventListener('abort', stop)
  clearTimeout(killing)
  // What the program started itself must not outlive it.
  signalGroup(child, 'SIGKILL')
  dismissGuardian()
  return ending
}

function signalGroup(child: ChildProcess, name: NodeJS.Signals): void {
  if (child.pid === undefined) return
  try {
    process.kill(-child.pid, name)
  } catch {
    // The group is gone.
  }
}
