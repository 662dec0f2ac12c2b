import { spawn } from 'node:child_process'
import { dirname, join } from 'node:path'
import { cancelledError } from '@/lib/core/abort'
import { AppError } from '@/lib/core/errors'
import { asTargetUrl, type TargetUrl } from '@/lib/postgres/target-url'

/** PostgreSQL's own programs, as they lie in one folder. */
export type PgProgram = 'pg_dump' | 'pg_restore' | 'psql'

export interface RunOptions {
  /** Path of pg_dump; the others are taken from its folder, so that all are of one version. */
  readonly pgDump: string
  readonly program: PgProgram
  /** Each argument by itself; no shell sees them. Never a password. */
  readonly args: readonly string[]
  /** The database; its password reaches the program by the environment of that process alone. */
  readonly url: TargetUrl | string
  readonly cwd?: string
  readonly signal: AbortSignal
}

/**
 * Runs one of PostgreSQL's programs to its end.
 *
 * @throws AppError DUMP_FAILED with what it said (without passwords) when it ends with another status than 0, CANCELLED
 */
export function runPgProgram({ pgDump, program, args, url, cwd, signal }: RunOptions): Promise<void> {
  const target = asTargetUrl(url)
  return new Promise((resolve, reject) => {
    if (signal.aborted) return reject(cancelledError(signal))
    const child = spawn(siblingOf(pgDump, program), ['--no-password', ...args], {
      env: environmentOf(target),
      stdio: ['ignore', 'ignore', 'pipe'],
      ...(cwd === undefined ? {} : { cwd }),
    })
    let said = ''
    child.stderr.setEncoding('utf8').on('data', (text: string) => {
      said = `${said}${text}`.slice(-4000)
    })
    const abort = () => child.kill('SIGKILL')
    signal.addEventListener('abort', abort, { once: true })
    child.once('error', (cause) => reject(dumpFailed(program, 'It could not be started.', cause)))
    child.once('close', (status) => {
      signal.removeEventListener('abort', abort)
      if (signal.aborted) reject(cancelledError(signal))
      else if (status === 0) resolve()
      else reject(dumpFailed(program, redact(said.trim(), target.password) || `It ended with status ${status}.`))
    })
  })
}

/** A dump or its reading that failed. */
export function dumpFailed(program: string, said: string, cause?: unknown): AppError {
  const isFull = /No space left on device/i.test(said)
  return new AppError({
    code: isFull ? 'LOCAL_DISK_FULL' : 'DUMP_FAILED',
    operation: 'dump PostgreSQL',
    subject: program,
    message: `${program} failed. ${said.slice(-1500)}`,
    hint: isFull
      ? 'Free space on the disk of the backups, then start again.'
      : 'Correct what it says, or choose the portable format, which needs no other program.',
    ...(cause === undefined ? {} : { cause }),
  })
}

/** pg_dump names its siblings alike, `.exe` too. */
function siblingOf(pgDump: string, program: PgProgram): string {
  return join(dirname(pgDump), `${program}${pgDump.endsWith('.exe') ? '.exe' : ''}`)
}

/** Only what libpq needs: what is set for others (a service file, a password file) must not lead elsewhere. */
function environmentOf(target: TargetUrl): NodeJS.ProcessEnv {
  const values: Record<string, string> = {
    PATH: process.env.PATH ?? '',
    LC_ALL: 'C',
    PGHOST: target.host,
    PGPORT: String(target.port),
    PGUSER: target.user,
    PGDATABASE: target.database,
    PGSSLMODE: target.sslMode,
    PGCONNECT_TIMEOUT: String(Math.max(2, Math.ceil(target.connectTimeoutMs / 1000))),
    PGAPPNAME: 'bascule backup',
    PGPASSFILE: '/dev/null',
    PGSERVICEFILE: '/dev/null',
    PSQLRC: '/dev/null',
    ...(target.password === '' ? {} : { PGPASSWORD: target.password }),
    ...(target.options === null ? {} : { PGOPTIONS: target.options }),
  }
  return values as NodeJS.ProcessEnv
}

function redact(text: string, password: string): string {
  return password === '' ? text : text.replaceAll(password, '[redacted]')
}
