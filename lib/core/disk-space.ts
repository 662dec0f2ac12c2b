import { stat, statfs } from 'node:fs/promises'
import { dirname } from 'node:path'

/** Room on the disk that holds a folder. */
export interface DiskSpace {
  /** Bytes that this process may still write. */
  readonly freeBytes: number
  /** Equal for folders on one disk. */
  readonly device: number
  /** The folder that was asked, or the nearest one above it that exists. */
  readonly folder: string
}

/** How much room there is for `folder`, which need not exist yet. @throws what stat and statfs throw: EACCES */
export async function readDiskSpace(folder: string): Promise<DiskSpace> {
  try {
    const [space, stats] = await Promise.all([statfs(folder), stat(folder)])
    return { freeBytes: space.bavail * space.bsize, device: stats.dev, folder }
  } catch (error) {
    const parent = dirname(folder)
    if ((error as NodeJS.ErrnoException).code !== 'ENOENT' || parent === folder) throw error
    return readDiskSpace(parent)
  }
}
