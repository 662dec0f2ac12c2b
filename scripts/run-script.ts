import { type ChildProcess, spawn } from 'node:child_process'
import { openSync } from 'node:fs'
import { join } from 'node:path'
import { guard } from './guardian'

export interface RunOptions {
  readonly root: string
  readonly env: Readonly<Record<string, string>>
  /** File that takes both outputs; default: standard output is answered, standard error goes to the terminal. */
  readonly log?: string
  readonly signal?: AbortSignal
}

export interface RunResult {
  readonly status: number
  readonly output: string
}

/** Runs a script of node_modules or of ours to its end. */
export async function runScript(script: string, args: readonly string[], options: RunOptions): Promise<RunResult> {
  const running = startScript(script, args, options)
  let output = ''
  running.child.stdout?.on('data', (chunk: Buffer) => {
    output += chunk.toString()
  })
  const abort = () => void running.stop()
  options.signal?.addEventListener('abort', abort, { once: true })
  if (options.signal?.aborted) abort()
  const status = await running.ended
  options.signal?.removeEventListener('abort', abort)
  return { status, output }
}

export interface RunningScript {
  readonly child: ChildProcess
  /** Exit status; 1 for an end by a signal. */
  readonly ended: Promise<number>
  /** SIGTERM to the whole group, SIGKILL after fifteen seconds; resolves when all is over. */
  stop(): Promise<void>
}

/**
 * Starts a script in a process group of its own: a Ctrl-C reaches us alone, and we end the others in order.
 * The guardian ends the group when we are killed.
 */
export function startScript(script: string, args: readonly string[], { root, env, log }: RunOptions): RunningScript {
  const file = log === undefined ? undefined : openSync(log, 'a')
  const [first, ...rest] = script.endsWith('.ts') ? [join(root, 'node_modules/tsx/dist/cli.mjs'), script] : [join(root, script)]
  const child = spawn(process.execPath, [first as string, ...rest, ...args], {
    cwd: root,
    env: { ...inherited(), ...env },
    detached: true,
    stdio: ['ignore', file ?? 'pipe', file ?? 'inherit'],
  })
  const group = -(child.pid as number)
  const dismissGuardian = guard({ pid: group, signal: 'TERM' })
  const ended = new Promise<number>((resolve) => child.once('close', (code) => resolve(code ?? 1)))
  const stop = async () => {
    send(group, 'SIGTERM')
    const timer = setTimeout(() => send(group, 'SIGKILL'), 15_000)
    await ended
    clearTimeout(timer)
    // Whoever of the group is still there has had its time.
    send(group, 'SIGKILL')
    dismissGuardian()
  }
  void ended.then(() => dismissGuardian())
  return { child, ended, stop }
}

function send(group: number, signal: NodeJS.Signals): void {
  try {
    process.kill(group, signal)
  } catch {
    // The group has ended.
  }
}

/** Our environment without npm's own variables and without settings of another app. */
function inherited(): NodeJS.ProcessEnv {
  const foreign = /^(npm_|DATABASE_URL$|TARGET_DATABASE_URL$|CONTROL_DATABASE_URL$|CV_|DATA_DIR$|NEXT|GITHUB_|GOOGLE_|PORT$|HOSTNAME$)/
  const kept = Object.entries(process.env).filter(([name]) => !foreign.test(name))
  return { ...Object.fromEntries(kept), NODE_ENV: process.env.NODE_ENV ?? 'production' } as NodeJS.ProcessEnv
}
