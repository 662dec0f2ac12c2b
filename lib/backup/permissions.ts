import { chmod, readdir, stat } from 'node:fs/promises'
import { join } from 'node:path'
import type { Rights } from './permissions-view'

export interface KeptPaths {
  /** `.env`, the SQLite file, the control store … */
  readonly files: readonly string[]
  /** `cv_data`, the folder of the archives … */
  readonly folders: readonly string[]
}

const forFile = 0o600
const forFolder = 0o700
/** Anything for the group or for everybody. */
const forOthers = 0o077

/** What others on this machine may do with the app's data. Windows has no such rights: all is ok there. */
export async function readRights({ files, folders }: KeptPaths): Promise<Rights> {
  return Promise.all(
    [...files, ...folders].map(async (path) => {
      const stats = await stat(/*turbopackIgnore: true*/ path).catch(() => null)
      if (stats === null) return { path, mode: null, status: 'missing' as const }
      const isOpen = process.platform !== 'win32' && (stats.mode & forOthers) !== 0
      return { path, mode: (stats.mode & 0o777).toString(8), status: isOpen ? ('open' as const) : ('ok' as const) }
    }),
  )
}

/** Gives everything to the app's own account alone, what lies in the folders too. Safe to repeat. Answers how many were changed. */
export async function setRights({ files, folders }: KeptPaths): Promise<number> {
  let changed = 0
  const set = async (path: string, wanted: number) => {
    const stats = await stat(path).catch(() => null)
    if (stats === null || (stats.mode & 0o777) === wanted) return
    await chmod(path, wanted)
    changed += 1
  }
  for (const path of files) await set(path, forFile)
  for (const folder of folders) {
    await set(folder, forFolder)
    for (const entry of await readdir(folder, { recursive: true, withFileTypes: true }).catch(() => [])) {
      // Links are left alone: what they lead to is not ours to change.
      if (entry.isFile()) await set(join(entry.parentPath, entry.name), forFile)
      else if (entry.isDirectory()) await set(join(entry.parentPath, entry.name), forFolder)
    }
  }
  return changed
}
