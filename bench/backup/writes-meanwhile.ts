import { type ChildProcessByStdio, spawn } from 'node:child_process'
import { join } from 'node:path'
import type { Readable, Writable } from 'node:stream'
import { z } from 'zod'

const resultSchema = z.object({
  writes: z.number(),
  refused: z.number(),
  p50Ms: z.number(),
  p99Ms: z.number(),
  longestMs: z.number(),
})

/** How long writes took. */
export type WriteTimes = z.infer<typeof resultSchema>

/** Lets a process of its own write while `work` runs, and answers how that went. */
export async function writeMeanwhile(databasePath: string, perSecond: number, work: () => Promise<unknown>): Promise<WriteTimes> {
  const writer: ChildProcessByStdio<Writable, Readable, null> = spawn(
    process.execPath,
    [join(import.meta.dirname, 'paced-writer.mjs'), databasePath, String(perSecond)],
    { stdio: ['pipe', 'pipe', 'inherit'] },
  )
  let output = ''
  writer.stdout.setEncoding('utf8').on('data', (text: string) => {
    output += text
  })
  const ended = new Promise((resolve) => writer.once('close', resolve))
  try {
    await work()
  } finally {
    writer.stdin.end()
    await ended
  }
  return resultSchema.parse(JSON.parse(output))
}
