import { createWriteStream } from 'node:fs'
import { mkdir } from 'node:fs/promises'
import { dirname, join } from 'node:path'
import type { Readable } from 'node:stream'
import { pipeline } from 'node:stream/promises'
import { AppError, reportError } from '@/lib/core/errors'
import { keyFingerprint, openCv } from '@/lib/cv/cv-format'
import { openSqlite } from '@/lib/sqlite/open-database'
import type { Trial } from './backup-view'
import type { ArchivePlace } from './destinations/archive-place'
import type { OpeningKeys } from './encryption'
import { filesPrefix, type Manifest, type TableCount, totalRows } from './manifest'
import { type MemberReader, readArchive } from './read-archive'
import { requireSpace } from './require-space'
import { countSqliteTables, requireIntegrity, sqliteMember } from './snapshot-sqlite'

export interface TryRestoreOptions {
  readonly path: ArchivePlace
  /** SHA-256 of the whole archive, when it is known. */
  readonly sha256?: string
  readonly keys: OpeningKeys
  /** CV_ENCRYPTION_KEY. */
  readonly fileKey: Buffer
  /** Work folder, empty; the caller removes it. */
  readonly folder: string
  /** Restores a dump that lies in a folder into a scratch database, counts it and drops it; null when there is no server for it. */
  readonly tryPostgres: ((folder: string, manifest: Manifest, signal: AbortSignal) => Promise<RestoredScratch>) | null
  readonly onProgress: (bytesDone: number) => void
  readonly signal: AbortSignal
}

export interface RestoredScratch {
  /** For people: "scratch database on …". */
  readonly place: string
  readonly tables: readonly TableCount[]
}

/** There is no place to try a backup in; says nothing against the backup. */
export class NoPlaceForTrial extends Error {}

/** Files that are decrypted in a trial: the first, the last, and others evenly between them. All are read and summed. */
const sampleSize = 20

/**
 * Restores an archive as somebody in need would, from its bytes on the disk: read and checked to its end, the database put
 * into a scratch file or scratch database, checked and counted, files decrypted. What comes out is an answer, not an exception.
 *
 * @throws AppError CANCELLED
 */
export async function tryRestore(options: TryRestoreOptions): Promise<Trial> {
  const started = performance.now()
  const facts = { place: '', tables: 0, rows: 0, filesOpened: 0 }
  const answer = (status: Trial['status'], problem: string | null): Trial => ({
    status,
    at: new Date().toISOString(),
    elapsedMs: performance.now() - started,
    ...facts,
    problem,
  })
  try {
    const sample: { path: string; content: Buffer }[] = []
    const manifest = await extractForTrial(options, sample)
    const scratch = await restoreScratch(options, manifest)
    facts.place = scratch.place
    requireEqualCounts(manifest.database.tables, scratch.tables)
    facts.tables = scratch.tables.length
    facts.rows = totalRows(scratch.tables)
    const { keyFingerprint: sealedWith } = manifest.files
    if (sample.length > 0 && sealedWith !== keyFingerprint(options.fileKey)) return answer('impossible', otherFileKey(sealedWith))
    const unsound = new Set(manifest.files.problems.map(({ path }) => path))
    for (const { path, content } of sample) {
      if (unsound.has(path)) continue
      openCv(content, options.fileKey, path)
      facts.filesOpened += 1
    }
    return answer('passed', null)
  } catch (error) {
    const { code } = reportError(error)
    if (options.signal.aborted || code === 'CANCELLED') throw error
    // Says nothing against the archive, which is whole.
    if (code === 'LOCAL_DISK_FULL' || isDiskFull(error))
      return answer('impossible', 'There was no room on the disk of the backups to try it.')
    return answer(error instanceof NoPlaceForTrial ? 'impossible' : 'failed', describe(error, options.folder))
  }
}

/** Of an archive that is whole: the database came out of it as it should, and whether the files would nobody can say here. */
function otherFileKey(sealedWith: string): string {
  return `Its database was restored and counted. Its files were encrypted with another CV_ENCRYPTION_KEY (fingerprint ${sealedWith}) than the present one, so none of them could be opened.`
}

/** In words; below the first line what a program said. Nobody need know where on this machine it was tried. */
function describe(error: unknown, folder: string): string {
  const { code, message } = reportError(error)
  const said = code === 'SOURCE_DAMAGED' && error instanceof AppError && error.cause instanceof Error ? `\n${error.cause.message}` : ''
  return `${message}${said}`.replaceAll(`${folder}/`, '').replaceAll(folder, '')
}

/** Writes a member's stream to a file below a folder. */
export function writeMember(folder: string, name: string): MemberReader {
  return async (content: Readable) => {
    const path = join(folder, name)
    await mkdir(dirname(path), { recursive: true, mode: 0o700 })
    await pipeline(content, createWriteStream(path, { flags: 'wx', mode: 0o600 }))
  }
}

/** @throws AppError COUNTS_DIFFER naming the first table that does */
export function requireEqualCounts(expected: readonly TableCount[], found: readonly TableCount[]): void {
  const rowsOf = new Map(found.map(({ table, rows }) => [table, rows]))
  const wrong = expected.find(({ table, rows }) => rowsOf.get(table) !== rows)
  const extra = found.find(({ table }) => !expected.some((known) => known.table === table))
  if (!wrong && !extra) return
  const table = wrong?.table ?? extra?.table ?? ''
  throw new AppError({
    code: 'COUNTS_DIFFER',
    operation: 'count a restored backup',
    subject: table,
    message: `${table}: ${wrong?.rows ?? 0} rows were noted when the backup was made, ${rowsOf.get(table) ?? 'no such table'} came out of it.`,
    hint: 'Do not rely on this backup. Make another one.',
  })
}

async function extractForTrial(options: TryRestoreOptions, sample: { path: string; content: Buffer }[]): Promise<Manifest> {
  return readArchive({
    path: options.path,
    keys: options.keys,
    ...(options.sha256 === undefined ? {} : { sha256: options.sha256 }),
    onProgress: options.onProgress,
    signal: options.signal,
    open: async (manifest) => {
      const files = manifest.members.filter(({ name }) => name.startsWith(filesPrefix))
      const chosen = new Set(pickEvenly(files, sampleSize).map(({ name }) => name))
      const database = manifest.members.filter(({ name }) => name.startsWith('database/'))
      await requireSpace(
        options.folder,
        database.reduce((sum, { sizeBytes }) => sum + sizeBytes, 0),
      )
      return ({ name }) => {
        if (name.startsWith('database/')) return writeMember(options.folder, name)
        if (!chosen.has(name)) return null
        return async (content) => {
          const chunks: Buffer[] = []
          for await (const chunk of content) chunks.push(chunk as Buffer)
          sample.push({ path: name.slice(filesPrefix.length), content: Buffer.concat(chunks) })
        }
      }
    },
  })
}

async function restoreScratch(options: TryRestoreOptions, manifest: Manifest): Promise<RestoredScratch> {
  const { folder, signal } = options
  if (manifest.database.engine === 'postgresql') {
    if (options.tryPostgres === null) throw new NoPlaceForTrial('There is no PostgreSQL server to try this backup on.')
    return options.tryPostgres(folder, manifest, signal)
  }
  const path = join(folder, sqliteMember)
  await requireIntegrity(path, signal)
  const db = openSqlite(path, { readonly: true })
  try {
    return { place: 'scratch file', tables: await countSqliteTables(db, signal) }
  } finally {
    db.close()
  }
}

function isDiskFull(error: unknown): boolean {
  return error instanceof Error && 'code' in error && (error.code === 'ENOSPC' || error.code === 'EDQUOT')
}

function pickEvenly<T>(items: readonly T[], count: number): readonly T[] {
  if (items.length <= count) return items
  const step = (items.length - 1) / (count - 1)
  return Array.from({ length: count }, (_, index) => items[Math.round(index * step)] as T)
}
