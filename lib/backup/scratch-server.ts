import { spawn } from 'node:child_process'
import { join } from 'node:path'
import { createInterface } from 'node:readline'
import { z } from 'zod'
import { cancelledError, throwIfAborted } from '@/lib/core/abort'
import { AppError } from '@/lib/core/errors'
import { workFolderName } from './archive-name'

/** A PostgreSQL server on which nothing of the app's lies. */
export interface ScratchServer {
  /** Of a database whose role may create others. */
  readonly url: string
  /** Ends it, and removes what it kept. Safe to call twice. */
  stop(): Promise<void>
}

export type StartServer = (signal: AbortSignal) => Promise<ScratchServer>

export interface ScratchServerOptions {
  /** The app's folder, absolute. */
  readonly root: string
  /** Folder of the archives: the server keeps its data beside them. */
  readonly folder: string
  /** A database on another server to use when none can be started here: TARGET_DATABASE_URL. Null: none. */
  readonly fallbackUrl: string | null
}

/**
 * Starts the PostgreSQL that comes with the app, so that a dump can be read while the app itself is on SQLite. It listens on
 * this machine alone, under a password of its own, and ends with us however we end.
 *
 * @throws AppError TARGET_UNREACHABLE when there is none for this system and no other was named; CANCELLED
 */
export async function startScratchServer(options: ScratchServerOptions, signal: AbortSignal): Promise<ScratchServer> {
  throwIfAborted(signal)
  const { root, folder, fallbackUrl } = options
  const dataDir = join(/*turbopackIgnore: true*/ folder, workFolderName('server'), 'postgres')
  const program = [join(/*turbopackIgnore: true*/ root, 'scripts/launch.mjs'), 'scripts/scratch-server.ts', dataDir]
  const child = spawn(process.execPath, program, { cwd: root, stdio: ['pipe', 'pipe', 'pipe'] })
  let complaint = ''
  child.stderr.setEncoding('utf8').on('data', (text: string) => {
    complaint = `${complaint}${text}`.slice(-2_000)
  })
  child.stdin.on('error', () => undefined)
  const closed = new Promise<void>((resolve) => child.once('close', () => resolve()).once('error', () => resolve()))
  const stop = async () => {
    child.stdin.end()
    await closed
  }
  const abort = () => void stop()
  signal.addEventListener('abort', abort, { once: true })
  try {
    const url = await Promise.race([firstLine(child.stdout), closed.then(() => null)])
    if (url !== null) return { url, stop }
    if (signal.aborted) throw cancelledError(signal)
    if (fallbackUrl !== null) return { url: fallbackUrl, stop: async () => undefined }
    throw new AppError({
      code: 'TARGET_UNREACHABLE',
      operation: 'read a PostgreSQL dump',
      message: 'This backup is a PostgreSQL dump, and no PostgreSQL could be started on this machine to read it.',
      hint: 'Name a PostgreSQL database in TARGET_DATABASE_URL whose role may create databases, and start again.',
      cause: new Error(complaint),
    })
  } finally {
    signal.removeEventListener('abort', abort)
  }
}

async function firstLine(stream: NodeJS.ReadableStream): Promise<string | null> {
  for await (const line of createInterface({ input: stream })) return z.object({ url: z.string() }).parse(JSON.parse(line)).url
  return null
}
