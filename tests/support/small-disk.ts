import { execFileSync } from 'node:child_process'
import { chown, mkdtemp, rm, statfs, writeFile } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { openToServer, serverIdentity } from '@/scripts/postgres-cluster'

/** Whether this process may mount disks. */
export const canMount = process.platform === 'linux' && process.getuid?.() === 0

export interface SmallDisk {
  readonly path: string
  /** Leaves so many MiB free. */
  fill(leaveMiB: number): Promise<void>
  /** Takes it away, in use or not. */
  remove(): Promise<void>
}

/** A disk of its own size that the tests' PostgreSQL servers may write to. Needs root. */
export async function mountSmallDisk(sizeMiB: number): Promise<SmallDisk> {
  const path = await mkdtemp(join(tmpdir(), 'bascule-small-disk-'))
  execFileSync('mount', ['-t', 'tmpfs', '-o', `size=${sizeMiB}m`, 'tmpfs', path])
  const { uid, gid } = serverIdentity()
  if (uid !== undefined && gid !== undefined) await chown(path, uid, gid)
  await openToServer(path)
  return {
    path,
    fill: async (leaveMiB) => {
      const { bavail, bsize } = await statfs(path)
      await writeFile(join(path, 'somebody-else'), Buffer.alloc(bavail * bsize - leaveMiB * 1024 * 1024))
    },
    remove: async () => {
      execFileSync('umount', ['-l', path])
      await rm(path, { recursive: true, force: true })
    },
  }
}
