import { randomBytes } from 'node:crypto'
import { createWriteStream } from 'node:fs'
import { mkdir, readdir, readFile, rm, stat, truncate, writeFile } from 'node:fs/promises'
import { join } from 'node:path'
import { type Readable, Transform } from 'node:stream'
import { pipeline } from 'node:stream/promises'
import { z } from 'zod'
import { AppError } from '@/lib/core/errors'
import { requireSpace } from '../require-space'
import { toArchiveError } from '../write-archive'
import { type NewUpload, pieceBytes, type UploadView } from './upload-view'

/**
 * Where archives from elsewhere wait until they were checked: a folder of its own, out of which nothing is read but to check
 * it. Each upload has a folder with `upload.json` (what was announced) and `archive` (what has come).
 */
const folderName = '.quarantine'
const idPattern = /^[0-9a-f]{24}$/
const mostUploads = 4
/** Left free beside an upload, in bytes, so that it does not stop the app. */
const reserveBytes = 256 * 1024 * 1024
/** An upload that nobody went on with for so long is thrown away, in milliseconds. */
const abandonedMs = 48 * 60 * 60 * 1000
/** Pieces that are being written now, by upload: two at once would mix. One web process is what this app runs as. */
const busy = new Set<string>()

const announcedSchema = z.object({ name: z.string(), sizeBytes: z.number(), createdAt: z.iso.datetime(), by: z.string() })

/** Announces an upload; refused early when it cannot fit. @throws AppError LOCAL_DISK_FULL, STATE_CONFLICT */
export async function startUpload(folder: string, { name, sizeBytes }: NewUpload, by: string, now: Date): Promise<UploadView> {
  await removeAbandoned(folder, now)
  if ((await listUploads(folder)).length >= mostUploads)
    throw conflict('There are too many unfinished uploads.', 'Finish or remove one of them first.')
  await mkdir(folder, { recursive: true, mode: 0o700 })
  await requireSpace(folder, sizeBytes + reserveBytes)
  const id = randomBytes(12).toString('hex')
  await mkdir(uploadFolder(folder, id), { recursive: true, mode: 0o700 })
  await writeFile(quarantinedArchive(folder, id), '', { mode: 0o600 })
  const announced = { name: printable(name), sizeBytes, createdAt: now.toISOString(), by }
  await writeFile(join(uploadFolder(folder, id), 'upload.json'), JSON.stringify(announced), { mode: 0o600 })
  return { id, ...announced, receivedBytes: 0 }
}

/**
 * Adds the next piece. A piece that breaks off is cut away again, so that the upload goes on where it stood.
 *
 * @throws AppError STATE_CONFLICT when `offset` is not where it stands or another piece is being written, INVALID_INPUT when
 *   more comes than was announced, LOCAL_DISK_FULL, NOT_FOUND
 */
export async function appendPiece(folder: string, id: string, offset: number, content: Readable, signal: AbortSignal): Promise<UploadView> {
  const upload = await getUpload(folder, id)
  if (busy.has(id)) throw conflict('A piece of this upload is being received already.', 'Wait for it, then go on.')
  if (offset !== upload.receivedBytes)
    throw conflict(`The upload stands at ${upload.receivedBytes} bytes, not at ${offset}.`, 'Ask where it stands and go on there.')
  busy.add(id)
  const path = quarantinedArchive(folder, id)
  try {
    const room = Math.min(pieceBytes, upload.sizeBytes - offset)
    const file = createWriteStream(path, { flags: 'r+', start: offset })
    await pipeline(content, atMost(room), file, { signal })
    return await getUpload(folder, id)
  } catch (error) {
    await cutTo(path, offset)
    throw toArchiveError(error, folder, signal)
  } finally {
    busy.delete(id)
  }
}

/** Uploads that have begun, oldest first. */
export async function listUploads(folder: string): Promise<readonly UploadView[]> {
  const ids = (await readdir(join(/*turbopackIgnore: true*/ folder, folderName)).catch(() => [])).filter((name) => idPattern.test(name))
  const all = await Promise.all(ids.map((id) => getUpload(folder, id).catch(() => null)))
  return all.filter((upload) => upload !== null).sort((a, b) => (a.createdAt < b.createdAt ? -1 : 1))
}

/** @throws AppError NOT_FOUND */
export async function getUpload(folder: string, id: string): Promise<UploadView> {
  try {
    if (!idPattern.test(id)) throw new Error('not an id of ours')
    const announced = announcedSchema.parse(JSON.parse(await readFile(join(uploadFolder(folder, id), 'upload.json'), 'utf8')))
    return { id, ...announced, receivedBytes: (await stat(quarantinedArchive(folder, id))).size }
  } catch (cause) {
    throw new AppError({
      code: 'NOT_FOUND',
      operation: 'find an upload',
      subject: id.slice(0, 40),
      message: 'There is no such upload.',
      hint: 'It may have been removed or finished; upload the archive again.',
      cause,
    })
  }
}

/** Throws an upload away, whatever is left of it. */
export async function removeUpload(folder: string, id: string): Promise<void> {
  if (!idPattern.test(id)) return
  await rm(uploadFolder(folder, id), { recursive: true, force: true })
}

/** Where the content of an upload lies; only for the check. */
export function quarantinedArchive(folder: string, id: string): string {
  return join(uploadFolder(folder, id), 'archive')
}

async function removeAbandoned(folder: string, now: Date): Promise<void> {
  for (const { id } of await listUploads(folder)) {
    const { mtimeMs } = await stat(quarantinedArchive(folder, id))
    if (!busy.has(id) && now.getTime() - mtimeMs > abandonedMs) await removeUpload(folder, id)
  }
}

async function cutTo(path: string, sizeBytes: number): Promise<void> {
  await truncate(path, sizeBytes).catch(() => undefined)
}

/** Fails as soon as more comes than there is room for, before it is written. */
function atMost(bytes: number): Transform {
  let total = 0
  return new Transform({
    transform(chunk: Buffer, _encoding, done) {
      total += chunk.length
      if (total <= bytes) return done(null, chunk)
      done(
        new AppError({
          code: 'INVALID_INPUT',
          operation: 'receive an archive',
          message: 'More came than was announced.',
          hint: 'Upload the archive again from its beginning.',
        }),
      )
    },
  })
}

/** Names from elsewhere are shown: without what could pass for something else. */
function printable(name: string): string {
  return name.replace(/[^\p{L}\p{N} ._()+-]/gu, '_').slice(0, 200)
}

function uploadFolder(folder: string, id: string): string {
  return join(/*turbopackIgnore: true*/ folder, folderName, id)
}

function conflict(message: string, hint: string): AppError {
  return new AppError({ code: 'STATE_CONFLICT', operation: 'receive an archive', message, hint })
}
