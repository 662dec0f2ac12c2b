import { readdir, rm } from 'node:fs/promises'
import { join } from 'node:path'
import { leftoverPattern } from './archive-name'

/** Removes what a killed backup left behind. Call it under the backups' lease: whatever is unfinished then is nobody's. */
export async function sweepFolder(folder: string): Promise<readonly string[]> {
  const names = (await readdir(folder).catch(() => [])).filter((name) => leftoverPattern.test(name))
  for (const name of names) await rm(join(folder, name), { recursive: true, force: true })
  return names
}
