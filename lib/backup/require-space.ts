import { statfs } from 'node:fs/promises'
import { diskFull } from './write-archive'

/**
 * Refuses early what cannot fit: the snapshot alone needs as much as the database. A disk that is filled to its brim stops whoever
 * else writes there, the app's database perhaps, even when what filled it is removed a moment later.
 *
 * @throws AppError LOCAL_DISK_FULL
 */
export async function requireSpace(folder: string, neededBytes: number): Promise<void> {
  const { bavail, bsize } = await statfs(folder)
  if (bavail * bsize < neededBytes) throw diskFull(folder, new Error(`${bavail * bsize} bytes are free, ${neededBytes} are needed.`))
}
