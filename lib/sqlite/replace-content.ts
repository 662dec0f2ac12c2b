import { fork } from 'node:child_process'
import { fileURLToPath } from 'node:url'
import { z } from 'zod'
import { AppError } from '@/lib/core/errors'
import { toSqliteError } from './open-database'

const answerSchema = z.object({ error: z.object({ code: z.string(), message: z.string() }).optional() })

/**
 * Puts the content of one SQLite file in the place of another's, which may be open in other processes: one transaction, as
 * `.restore` of the sqlite3 shell does it. Connections stay good; their next statement sees the new content. Fences and all
 * else in the old content are gone with it.
 *
 * Cannot be stopped half-way; killed, the old content stands.
 *
 * @throws AppError SOURCE_BUSY (somebody keeps the write lock), LOCAL_DISK_FULL, SOURCE_*; the old content stands
 */
export function replaceContent(from: string, to: string): Promise<void> {
  return new Promise((resolve, reject) => {
    const child = fork(fileURLToPath(new URL('./replace-process.mjs', import.meta.url)), {
      execArgv: [],
      stdio: ['ignore', 'ignore', 'ignore', 'ipc'],
    })
    let outcome: (() => void) | undefined
    child.once('message', (message) => {
      const { error } = answerSchema.parse(message)
      outcome = () => (error ? reject(toSqliteError(Object.assign(new Error(error.message), error), to)) : resolve())
    })
    child.once('error', (cause) => reject(new AppError({ code: 'INTERNAL', message: 'A helper process could not be started.', cause })))
    child.once('close', (status, killedBy) => {
      if (outcome) outcome()
      else reject(new AppError({ code: 'INTERNAL', message: `A helper process ended early (${killedBy ?? status}).`, subject: to }))
    })
    child.send({ from, to })
  })
}
