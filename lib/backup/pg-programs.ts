import { spawn } from 'node:child_process'
import { mkdtemp, readFile, rm, writeFile } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { dirname, join } from 'node:path'
import { rootCertificates } from 'node:tls'
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
export async function runPgProgram({ pgDump, program, args, url, cwd, signal }: RunOptions): Promise<void> {
  const target = asTargetUrl(url)
  const authority = await writeAuthority(target)
  try {
    await runToItsEnd(siblingOf(pgDump, program), args, { target, authority, cwd, program, signal })
  } finally {
    if (authority !== null) await rm(dirname(authority), { recursive: true, force: true })
  }
}

/**
 * The certificates that libpq is to trust, in a file of its own: the authority that the target was given, or else those that
 * Node trusts, so that a dump and the app check a server by the same list. Null where nothing is checked.
 */
async function writeAuthority({ sslMode, ca }: TargetUrl): Promise<string | null> {
  if (sslMode !== 'verify-ca' && sslMode !== 'verify-full') return null
  const path = join(await mkdtemp(join(tmpdir(), 'bascule-ca-')), 'root.crt')
  const further = process.env.NODE_EXTRA_CA_CERTS
  const trusted = [...rootCertificates, ...(further ? [await readFile(further, 'utf8').catch(() => '')] : [])]
  await writeFile(path, ca ?? trusted.join('\n'), { mode: 0o600 })
  return path
}

interface Running {
  readonly target: TargetUrl
  readonly authority: string | null
  readonly cwd: string | undefined
  readonly program: PgProgram
  readonly signal: AbortSignal
}

function runToItsEnd(path: string, args: readonly string[], { target, authority, cwd, program, signal }: Running): Promise<void> {
  return new Promise((resolve, reject) => {
    if (signal.aborted) return reject(cancelledError(signal))
    const child = spawn(path, ['--no-password', ...args], {
      env: environmentOf(target, authority),
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
function environmentOf(target: TargetUrl, authority: string | null): NodeJS.ProcessEnv {
  const values: Record<string, string> = {
    PATH: process.env.PATH ?? '',
    LC_ALL: 'C',
    PGHOST: target.host,
    PGPORT: String(target.port),
    PGUSER: target.user,
    PGDATABASE: target.database,
    PGSSLMODE: target.sslMode,
    ...(authority === null ? {} : { PGSSLROOTCERT: authority }),
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
