import { createHash } from 'node:crypto'
import { createReadStream, createWriteStream } from 'node:fs'
import { open, readdir, readFile, rename, rm, stat, writeFile } from 'node:fs/promises'
import { join } from 'node:path'
import { Transform } from 'node:stream'
import { pipeline } from 'node:stream/promises'
import { syncFolder } from '@/lib/core/sync-folder'
import { archiveNamePattern } from '../archive-name'
import { damaged } from '../encryption'
import type { FolderPlace, StoredArchive } from './destination'
import { DestinationError, toDestinationError } from './destination-error'
import { digestOfStream } from './digest-stream'
import type { PutOptions, Storage } from './storage'

/** A folder on another disk or a mounted share. It must exist: a share that is not mounted must not become a folder on the system's disk. */
export function createFolderStorage({ path: folder }: FolderPlace): Storage {
  const at = (name: string) => join(/*turbopackIgnore: true*/ folder, name)
  const partOf = (key: string) => at(`.upload-${key}.part`)

  const guarded = async <T>(signal: AbortSignal, work: () => Promise<T>): Promise<T> => {
    try {
      return await work()
    } catch (error) {
      throw toDestinationError(error, folder, signal)
    }
  }

  async function put({ key, path, sizeBytes, sha256, onProgress, signal }: PutOptions): Promise<void> {
    const part = partOf(key)
    await requireFolder(folder)
    try {
      await rm(part, { force: true })
      const hash = createHash('sha256')
      let sent = 0
      const meter = new Transform({
        transform(chunk: Buffer, _encoding, done) {
          hash.update(chunk)
          sent += chunk.length
          onProgress(sent)
          done(null, chunk)
        },
      })
      const source = createReadStream(path, { highWaterMark: 256 * 1024 })
      await pipeline(source, meter, createWriteStream(part, { flags: 'wx', mode: 0o600, flush: true }), { signal })
      if (hash.digest('hex') !== sha256) throw damaged('The file is not what was noted when it was written; no copy was made.')
      // Read again from the other disk: what it says it wrote is not what it will give back.
      if ((await stat(part)).size !== sizeBytes || (await digestOfStream(createReadStream(part), signal)) !== sha256)
        throw new DestinationError('different', folder, 'another SHA-256')
      await rename(part, at(key))
      await syncFolder(folder)
    } catch (error) {
      await rm(part, { force: true }).catch(() => undefined)
      throw error
    }
  }

  return {
    put: (options) => guarded(options.signal, () => put(options)),

    get: (key, signal, range) =>
      guarded(signal, async () => {
        const file = await open(at(key), 'r')
        return file.createReadStream({
          highWaterMark: 256 * 1024,
          start: range?.start ?? 0,
          ...(range?.end === undefined ? {} : { end: range.end }),
        })
      }),

    sizeOf: (key, signal) =>
      guarded(signal, async () => {
        await requireFolder(folder)
        return (await stat(at(key)).catch(orNull))?.size ?? null
      }),

    list: (signal) =>
      guarded(signal, async () => {
        const found: StoredArchive[] = []
        for (const name of await readdir(folder)) {
          if (!archiveNamePattern.test(name)) continue
          const { size, mtime } = await stat(at(name))
          found.push({ key: name, sizeBytes: size, at: mtime.toISOString() })
        }
        return found.sort((a, b) => (a.key < b.key ? 1 : -1))
      }),

    remove: (key, signal) =>
      guarded(signal, async () => {
        await requireFolder(folder)
        await rm(at(key), { force: true })
      }),

    sweep: (key, signal) =>
      guarded(signal, async () => {
        await requireFolder(folder)
        await rm(partOf(key), { force: true })
        await rm(at(key), { force: true })
      }),

    reach: (signal) => guarded(signal, () => requireFolder(folder)),

    writeProbe: (name, content, signal) =>
      guarded(signal, async () => {
        await requireFolder(folder)
        await writeFile(at(name), content, { flag: 'wx', mode: 0o600 })
      }),
    readProbe: (name, signal) => guarded(signal, () => readFile(at(name))),
    listProbe: (name, signal) => guarded(signal, async () => (await readdir(folder)).includes(name)),
    removeProbe: (name, signal) => guarded(signal, () => rm(at(name), { force: true })),
    close: () => undefined,
  }
}

async function requireFolder(folder: string): Promise<void> {
  if ((await stat(folder).catch(orNull))?.isDirectory() !== true) throw new DestinationError('folder-missing', folder, '')
}

function orNull(error: NodeJS.ErrnoException): null {
  if (error.code === 'ENOENT') return null
  throw error
}
