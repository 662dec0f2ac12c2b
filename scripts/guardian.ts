import { spawn } from 'node:child_process'

export interface Guarded {
  /** Process id; negative for a whole process group. */
  readonly pid: number
  /** How it is asked to end; ten seconds later it is killed. */
  readonly signal: 'INT' | 'TERM'
  /** A folder to remove after, and its parent when that is empty then. */
  readonly folder?: string
}

/**
 * Makes sure that a process does not outlive this one: a shell waits for a pipe from us to close, as it does in
 * every way that we can end, SIGKILL included. Without the word "done" before it, the shell ends the process.
 *
 * @returns the word "done", to be called once the process has ended by itself
 */
export function guard({ pid, signal, folder = '' }: Guarded): () => void {
  const script =
    'read -r word; [ "$word" = done ] && exit 0; kill -s "$2" -- "$1" 2>/dev/null; n=0; ' +
    'while kill -0 -- "$1" 2>/dev/null && [ $n -lt 100 ]; do sleep 0.1; n=$((n+1)); done; ' +
    'kill -9 -- "$1" 2>/dev/null; [ -n "$3" ] && rm -rf "$3" && rmdir "$(dirname "$3")"'
  const guardian = spawn('/bin/sh', ['-c', script, 'guardian', String(pid), signal, folder], {
    cwd: '/',
    // Out of the terminal's reach: a Ctrl-C must not end the one who watches.
    detached: true,
    stdio: ['pipe', 'ignore', 'ignore'],
  })
  guardian.stdin.on('error', () => undefined)
  guardian.unref()
  // The pipe would keep an otherwise finished process alive; it is a net.Socket, which the types do not say.
  ;(guardian.stdin as unknown as { unref?: () => void }).unref?.()
  return () => guardian.stdin.end('done\n')
}
