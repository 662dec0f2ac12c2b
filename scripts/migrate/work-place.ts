import { createHash } from 'node:crypto'
import { mkdir, readdir, realpath, rmdir, stat } from 'node:fs/promises'
import { join } from 'node:path'
import { targetIdentity } from '@/lib/migration/resume-decision'
import { removeWorkFiles } from '@/lib/migration/resume-record'

/** Where one source is moved to one target from the terminal. */
export interface WorkPlace {
  /** The same for the same source and target: so the same command finds what an earlier one, killed, has left. */
  readonly jobId: string
  readonly workDir: string
  /**
   * Removes the files of a migration that has ended well; one that failed has removed its own, and one that could not even
   * begin leaves those of the one that is at work.
   */
  leave(hasSucceeded: boolean): Promise<void>
}

const prefix = 'migrate-'
/** A migration that was killed and never gone on with keeps a copy of its whole source: not for ever. */
const abandonedMs = 7 * 24 * 60 * 60_000

/** Makes the folder for a migration of this source to this target, below `parent`. */
export async function enterWorkPlace(parent: string, sourcePath: string, targetUrl: string): Promise<WorkPlace> {
  await mkdir(parent, { recursive: true })
  const source = await realpath(sourcePath).catch(() => sourcePath)
  const digest = createHash('sha256')
    .update(`${source}\0${targetIdentity(targetUrl)}`)
    .digest('hex')
    .slice(0, 16)
  const name = `${prefix}${digest}`
  await removeAbandoned(parent, name)
  const workDir = join(parent, name)
  const jobId = `terminal-${digest}`
  const leave = async (hasSucceeded: boolean) => {
    if (hasSucceeded) await removeWorkFiles(workDir, jobId)
    await removeEmpty(workDir)
  }
  return { jobId, workDir, leave }
}

async function removeAbandoned(parent: string, except: string): Promise<void> {
  const names = (await readdir(parent)).filter((name) => /^migrate-[0-9a-f]{16}$/.test(name) && name !== except)
  for (const name of names) {
    const folder = join(parent, name)
    // A migration at work writes its safety copy and record here when it begins; none takes a week.
    const found = await stat(folder).catch(() => null)
    if (!found?.isDirectory() || Date.now() - found.mtimeMs < abandonedMs) continue
    await removeWorkFiles(folder, `terminal-${name.slice(prefix.length)}`)
    await removeEmpty(folder)
  }
}

async function removeEmpty(folder: string): Promise<void> {
  // What stands in it belongs to another run, or to a person.
  await rmdir(folder).catch(() => undefined)
}
