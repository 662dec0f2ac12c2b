import type { Stats } from 'node:fs'
import { lstat } from 'node:fs/promises'
import { join } from 'node:path'
import { throwIfAborted } from '@/lib/core/abort'
import { type DiskSpace, readDiskSpace } from '@/lib/core/disk-space'
import { walkFolder } from '@/lib/core/walk-folder'
import { judged } from './ask'
import type { PreflightCheck } from './preflight-result'
import { shellWord } from './source-checks'
import { thresholds } from './thresholds'

/** What a file's mode lets others do. */
export interface FileMode {
  readonly path: string
  readonly mode: number
  readonly uid: number
}

type ModeCode = 'files-database-mode' | 'files-cv-mode' | 'files-env-mode'

/** The modes of those of the paths that exist. @throws EACCES and the like: then it is not known */
export async function readModes(paths: readonly string[]): Promise<readonly FileMode[]> {
  const modes = await Promise.all(paths.map((path) => lstat(path).then((stats) => modeOf(path, stats), absent)))
  return modes.filter((mode) => mode !== null)
}

/** Of a folder and all below it, only those whose mode or owner is worth a word; memory does not grow with the rest. */
export async function readOddModes(
  folder: string,
  ownUid: number | null,
  signal: AbortSignal,
): Promise<{ odd: readonly FileMode[]; files: number }> {
  const odd: FileMode[] = []
  let files = 0
  const look = async (path: string) => {
    throwIfAborted(signal)
    const mode = await lstat(path).then((stats) => modeOf(path, stats), absent)
    if (mode && judgeMode(mode, ownUid) !== 'private') odd.push(mode)
  }
  // Before the first file there is no folder, and nobody who could read it.
  if ((await lstat(folder).catch(absent)) === null) return { odd, files }
  await look(folder)
  let parent = ''
  for await (const { path } of walkFolder(folder)) {
    files += 1
    const below = path.split('/').slice(0, -1).join('/')
    if (below !== parent) await look(join(folder, below))
    parent = below
    await look(join(folder, path))
  }
  return { odd, files }
}

/** The worst that a mode allows. On Windows modes mean nothing; there `ownUid` is null and all is private. */
export function judgeMode({ mode, uid }: FileMode, ownUid: number | null): 'private' | 'other-owner' | 'readable' | 'writable' {
  if (ownUid === null) return 'private'
  if (mode & 0o002) return 'writable'
  // Many systems give every user a group of their own, so what a group may do is a warning at most.
  if (mode & 0o064) return 'readable'
  // Root runs and reads everything; a file of another user is then that user's business.
  return uid === ownUid || ownUid === 0 ? 'private' : 'other-owner'
}

/** The verdict over several files: the worst of them, with their names. */
export function judgeModes(
  code: ModeCode,
  modes: readonly FileMode[],
  ownUid: number | null,
  where: string,
  remedy: string,
): PreflightCheck {
  for (const outcome of ['writable', 'readable', 'other-owner'] as const) {
    const concerned = modes.filter((mode) => judgeMode(mode, ownUid) === outcome)
    if (concerned.length === 0) continue
    const examples = concerned.slice(0, thresholds.examples).map(({ path, mode }) => `${(mode & 0o777).toString(8)} ${path}`)
    return judged(code, outcome, { where, count: concerned.length, examples, remedy })
  }
  return judged(code, 'private', { where })
}

/** `chmod` for files that only their owner should read. */
export function chmodFiles(paths: readonly string[]): string {
  return `chmod 600 ${paths.map(shellWord).join(' ')}`
}

/** The same for a SQLite file and those that come and go beside it. */
export function chmodDatabase(path: string): string {
  return `chmod 600 ${shellWord(path)}*`
}

/** `chmod` for a folder and all below it. */
export function chmodFolder(folder: string): string {
  return `chmod -R u=rwX,go= ${shellWord(folder)}`
}

export interface DiskNeeds {
  /** Where safety copies go. */
  readonly workDir: string
  readonly databaseBytes: number
  /** Of the host's files, which a backup holds too. */
  readonly filesBytes: number
  /** How the room is found out. Default: from the system. */
  readonly readSpace?: (folder: string) => Promise<DiskSpace>
}

/** Room for the safety copy, and for it and a backup together. */
export async function askDisks({
  workDir,
  databaseBytes,
  filesBytes,
  readSpace = readDiskSpace,
}: DiskNeeds): Promise<readonly PreflightCheck[]> {
  const { freeBytes } = await readSpace(workDir)
  const safetyBytes = Math.ceil(databaseBytes * thresholds.safetyCopyFactor) + thresholds.reserveBytes
  const backupBytes = safetyBytes + databaseBytes + filesBytes
  return [
    judged('files-safety-disk', freeBytes >= safetyBytes ? 'room' : 'full', {
      where: workDir,
      params: { freeBytes, neededBytes: safetyBytes },
    }),
    judged('files-backup-disk', freeBytes >= backupBytes ? 'room' : 'full', {
      where: workDir,
      params: { freeBytes, neededBytes: backupBytes },
    }),
  ]
}

function modeOf(path: string, { mode, uid }: Stats): FileMode {
  return { path, mode, uid }
}

function absent(error: NodeJS.ErrnoException): null {
  if (error.code === 'ENOENT') return null
  throw error
}
