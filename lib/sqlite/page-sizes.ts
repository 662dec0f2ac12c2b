import { execFile } from 'node:child_process'
import { promisify } from 'node:util'
import { z } from 'zod'

const run = promisify(execFile)

/** Sizes of tables and indexes, in bytes. */
export type PageSizes = ReadonlyMap<string, { readonly sizeBytes: number; readonly unusedBytes: number }>

const script = `const D=require('better-sqlite3');const d=new D(process.argv[1],{readonly:true,fileMustExist:true,timeout:500});
process.stdout.write(JSON.stringify(d.prepare('SELECT name, pgsize AS sizeBytes, unused AS unusedBytes FROM dbstat WHERE aggregate = TRUE').all()))`

const rows = z.array(z.object({ name: z.string(), sizeBytes: z.number(), unusedBytes: z.number() }))

/**
 * How much room every table and index takes, read from every page of the file: about a second a GB. In a process of its own,
 * which is killed when the time is up, since SQLite cannot be interrupted from a thread. Not by run-aside, whose file the
 * web's bundle does not hold: this page is shown by the web.
 *
 * @returns null when there was not enough time
 */
export async function readPageSizes(path: string, timeoutMs: number): Promise<PageSizes | null> {
  try {
    const options = { timeout: timeoutMs, killSignal: 'SIGKILL' as const, maxBuffer: 64 * 1024 * 1024, cwd: process.cwd() }
    const { stdout } = await run(process.execPath, ['-e', script, path], options)
    return new Map(rows.parse(JSON.parse(stdout)).map(({ name, ...size }) => [name, size]))
  } catch (error) {
    if (error instanceof Error && 'killed' in error && error.killed) return null
    throw error
  }
}
