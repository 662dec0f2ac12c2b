import { resolve } from 'node:path'
import { type Command, CommanderError, InvalidArgumentError } from 'commander'
import { filePath } from '@/lib/config/environment'
import { freezeLimit, freezeLimitSchema } from '@/lib/control/switch-choice'
import { AppError, type ErrorReport, exitStatusOf, reportError } from '@/lib/core/errors'
import { parseTargetUrl } from '@/lib/postgres/target-url'

/** Parses the arguments; answers the exit status when there is nothing to run: 0 after help, 2 after wrong usage. */
export function parseArguments(command: Command): 0 | 2 | null {
  try {
    command.parse()
    return null
  } catch (error) {
    // commander has said what is wrong; help asked for is no error.
    return error instanceof CommanderError && error.exitCode === 0 ? 0 : 2
  }
}

/** What is said of a failure; a job's error, read from the store, may hold its parts as undefined. */
type Spoken = { readonly code: string; readonly message: string } & { readonly [part in 'hint' | 'subject']?: string | undefined }

/** A failure in words: what, what to do, and the code by which the page Troubleshooting and its search know it. */
export function failureText({ code, subject, message, hint }: Spoken): string {
  const place = subject === undefined || message.startsWith(subject) ? '' : `${subject}: `
  return `${place}${message} [${code}]${hint ? `\n${hint}` : ''}`
}

/**
 * Says a failure on standard error and answers the exit status.
 *
 * @param answer takes the result object of the contract; it prints it where `--json` was asked for
 */
export function fail(error: unknown, answer: (result: { status: 'failed'; error: ErrorReport }) => void): 1 | 2 {
  const report = reportError(error)
  console.error(failureText(report))
  answer({ status: 'failed', error: report })
  return error instanceof AppError ? exitStatusOf(error.code) : 1
}

/** `fail` for commands whose result object lists tables. */
export function failTables(error: unknown, elapsedMs: number, json: boolean): 1 | 2 {
  return fail(error, ({ status, error: report }) => {
    if (json) console.log(JSON.stringify({ status, tables: [], findings: [], elapsedMs: Math.round(elapsedMs), error: report }))
  })
}

/** Takes what stands behind `--limit`, in milliseconds. @throws InvalidArgumentError, which commander words */
export function parseFreezeLimit(text: string): number {
  const parsed = freezeLimitSchema.safeParse(Number(text))
  if (parsed.success) return parsed.data
  throw new InvalidArgumentError(`It must be a whole number of milliseconds from ${freezeLimit.least} to ${freezeLimit.most}.`)
}

/** Fires at Ctrl-C and at SIGTERM. */
export function interruptSignal(): AbortSignal {
  const controller = new AbortController()
  for (const name of ['SIGINT', 'SIGTERM'] as const) process.once(name, () => controller.abort())
  return controller.signal
}

/** The path behind `--source`. @throws AppError INVALID_INPUT for a URL that is no file */
export function sourcePath(source: string): string {
  if (/^[a-z][a-z0-9+.-]+:/i.test(source) && !source.startsWith('file:')) {
    throw new AppError({
      code: 'INVALID_INPUT',
      message: 'The source is not an SQLite file.',
      hint: 'Give it as --source file:/path/app.db.',
    })
  }
  return fromCaller(source.startsWith('file:') ? filePath(source, callerFolder()) : source)
}

/** The URL behind `--target`, checked. Whoever runs commands on this machine may reach private networks. */
export function checkedTarget(url: string): string {
  parseTargetUrl(url, { allowPrivate: true })
  return url
}

/** npm runs scripts in the package's folder and keeps the caller's in INIT_CWD; relative paths are the caller's. */
export function fromCaller(path: string): string {
  return resolve(callerFolder(), path)
}

function callerFolder(): string {
  return process.env.INIT_CWD ?? process.cwd()
}
