import { statfs } from 'node:fs/promises'
import { diskFull } from './write-archive'

/**
 * Refuses early what cannot fit: the snapshot alone needs as much as the database.
 *
 * @throws AppError LOCAL_DISK_FULL
 */
export async function requireSpace(folder: string, neededBytes: number): Promise<void> {
  const { bavail, bsize } = await statfs(folder)
  if (bavail * bsize < neededBytes) throw diskFull(folder, new Error(`${bavail * bsize} bytes are free, ${neededBytes} are needed.`))
}
