import { execFile } from 'node:child_process'
import { promisify } from 'node:util'
import { z } from 'zod'

const run = promisify(execFile)

const script = `
const fs = require('node:fs')
const [, path, offset, length] = process.argv
try {
  const bytes = Buffer.alloc(Number(length))
  const read = fs.readSync(fs.openSync(path, 'r'), bytes, 0, bytes.length, Number(offset))
  process.stdout.write(JSON.stringify({ hex: bytes.toString('hex', 0, read) }))
} catch (error) {
  process.stdout.write(JSON.stringify({ code: error.code ?? 'UNKNOWN', message: error.message }))
}`

const answerSchema = z.union([z.object({ hex: z.string() }), z.object({ code: z.string(), message: z.string() })])

/**
 * Reads a few bytes of a database file or of its -shm, in a process of its own; null where there is no such file. Never read
 * them in the process itself: closing any descriptor of such a file drops every POSIX lock that the process holds on it,
 * those of its open connections too, and another process may then take the -wal file away under them.
 * https://www.sqlite.org/howtocorrupt.html#_posix_advisory_locks_canceled_by_a_separate_thread_doing_close_
 *
 * @returns fewer bytes than `length` at the end of the file
 * @throws Error with the system's `code`: EACCES
 */
export async function readApart(path: string, offset: number, length: number): Promise<Buffer | null> {
  const { stdout } = await run(process.execPath, ['-e', script, path, String(offset), String(length)], { timeout: 10_000 })
  const answer = answerSchema.parse(JSON.parse(stdout))
  if ('hex' in answer) return Buffer.from(answer.hex, 'hex')
  if (answer.code === 'ENOENT') return null
  throw Object.assign(new Error(answer.message), { code: answer.code })
}
