import { mkdir } from 'node:fs/promises'
import { join } from 'node:path'
import type { DestinationStream } from 'pino'
import roll from 'pino-roll'

/** Programs that write a log file of their own. */
export const loggedPrograms = ['web', 'worker'] as const
export type LoggedProgram = (typeof loggedPrograms)[number]

/** So much is kept of each program: five files of at most 4 MB. */
const fileSize = '4m'
const filesBeside = 4

/** Where log files are, below the data folder. */
export function logFolder(dataDir: string): string {
  return join(dataDir, 'logs')
}

/**
 * Opens the rotating log file of a program: `logs/web.1.log`, then `.2.log` when it is full; the oldest is removed. Lines
 * are written at once, so that the last words of a process that dies are there.
 *
 * @throws EACCES and the like: the caller then goes on with standard error alone
 */
export async function openLogFile(dataDir: string, program: LoggedProgram): Promise<DestinationStream> {
  const folder = logFolder(dataDir)
  await mkdir(folder, { recursive: true, mode: 0o700 })
  return roll({
    file: join(folder, program),
    extension: '.log',
    size: fileSize,
    limit: { count: filesBeside, removeOtherLogFiles: true },
    sync: true,
    mode: 0o600,
  })
}
