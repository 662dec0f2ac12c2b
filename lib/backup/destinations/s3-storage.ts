import { randomUUID } from 'node:crypto'
import { Readable } from 'node:stream'
import {
  AbortMultipartUploadCommand,
  DeleteObjectCommand,
  GetObjectCommand,
  HeadObjectCommand,
  ListMultipartUploadsCommand,
  ListObjectsV2Command,
  PutObjectCommand,
} from '@aws-sdk/client-s3'
import { cancelledError } from '@/lib/core/abort'
import { pause } from '@/lib/core/pause'
import { archiveNamePattern } from '../archive-name'
import type { S3Place, StoredArchive } from './destination'
import { DestinationError, toDestinationError } from './destination-error'
import type { AddressRules } from './s3-address'
import { createS3Client } from './s3-client'
import { uploadToS3 } from './s3-upload'
import type { ByteRange, Storage } from './storage'

/** A download that breaks is taken up where it stood, so often in a row without a byte in between. */
const resumptions = 5
const resumeAfterMs = 250

/** A bucket, or a folder in one, at any provider that speaks S3. @throws DestinationError address-refused */
export function createS3Storage(place: S3Place, secretAccessKey: string, rules: AddressRules): Storage {
  const client = createS3Client(place, secretAccessKey, rules)
  const { bucket } = place
  const label = `${place.bucket}${place.prefix === '' ? '' : `/${place.prefix}`}`
  const at = (name: string) => ({ Bucket: bucket, Key: place.prefix === '' ? name : `${place.prefix}/${name}` })
  const under = (name: string) => ({ Bucket: bucket, Prefix: at(name).Key })

  /** Says what went wrong in one form, whatever it was. */
  const guarded = async <T>(signal: AbortSignal, work: () => Promise<T>): Promise<T> => {
    try {
      return await work()
    } catch (error) {
      throw toDestinationError(error, label, signal)
    }
  }

  const sizeOf = (key: string, signal: AbortSignal): Promise<number | null> =>
    guarded(signal, async () => {
      try {
        return (await client.send(new HeadObjectCommand(at(key)), { abortSignal: signal })).ContentLength ?? 0
      } catch (error) {
        if (error instanceof Error && (error.name === 'NotFound' || error.name === 'NoSuchKey')) return null
        throw error
      }
    })

  const remove = (key: string, signal: AbortSignal): Promise<void> =>
    guarded(signal, async () => {
      await client.send(new DeleteObjectCommand(at(key)), { abortSignal: signal })
    })

  /** Gives up what was begun under this very key. A store without the list of uploads drops them by a rule of its own. */
  const abandonUploads = (key: string, signal: AbortSignal): Promise<void> =>
    guarded(signal, async () => {
      const listed = await client.send(new ListMultipartUploadsCommand(under(key)), { abortSignal: signal }).catch((error: unknown) => {
        if (error instanceof Error && error.name === 'NotImplemented') return null
        throw error
      })
      for (const { Key, UploadId } of listed?.Uploads ?? []) {
        if (Key !== at(key).Key) continue
        await client.send(new AbortMultipartUploadCommand({ Bucket: bucket, Key, UploadId }), { abortSignal: signal })
      }
    })

  return {
    put: (options) => guarded(options.signal, () => uploadToS3({ client, bucket, objectKey: at(options.key).Key, label }, options)),

    get: async (key, signal, range) => {
      const first = await guarded(signal, () => openPart(range))
      return Readable.from(readOn(first), { objectMode: false, highWaterMark: 256 * 1024 })

      async function openPart(part: ByteRange | undefined, etag?: string) {
        const Range = part && `bytes=${part.start}-${part.end ?? ''}`
        const command = new GetObjectCommand({ ...at(key), ...(Range ? { Range } : {}), ...(etag ? { IfMatch: etag } : {}) })
        const { Body, ETag, ContentLength } = await client.send(command, { abortSignal: signal })
        if (!(Body instanceof Readable)) throw new DestinationError('other', label, 'an answer without content')
        return { body: Body, etag: ETag, sizeBytes: ContentLength ?? 0 }
      }

      async function* readOn(opened: Awaited<ReturnType<typeof openPart>>): AsyncGenerator<Buffer> {
        const start = range?.start ?? 0
        const end = start + opened.sizeBytes - 1
        let position = start
        let broken = 0
        for (let current = opened; ; ) {
          try {
            for await (const chunk of current.body) {
              position += (chunk as Buffer).length
              broken = 0
              yield chunk as Buffer
            }
            if (position > end) return
          } catch (error) {
            if (signal.aborted) throw cancelledError(signal)
            if (broken >= resumptions) throw toDestinationError(error, label, signal)
          }
          // Broken off, by an error or by a silent end: the rest is asked for, of the same content.
          if (broken >= resumptions) throw new DestinationError('connection-lost', label, 'it ended early')
          broken += 1
          await pause(resumeAfterMs * broken, signal)
          current = await guarded(signal, () => openPart({ start: position, end }, opened.etag))
        }
      }
    },

    sizeOf,

    list: (signal) =>
      guarded(signal, async () => {
        const found: StoredArchive[] = []
        let token: string | undefined
        do {
          const page = await client.send(new ListObjectsV2Command({ ...under(''), ...(token ? { ContinuationToken: token } : {}) }), {
            abortSignal: signal,
          })
          for (const { Key = '', Size = 0, LastModified } of page.Contents ?? []) {
            const key = Key.slice(under('').Prefix.length)
            if (archiveNamePattern.test(key)) found.push({ key, sizeBytes: Size, at: (LastModified ?? new Date(0)).toISOString() })
          }
          token = page.NextContinuationToken
        } while (token !== undefined)
        return found.sort((a, b) => (a.key < b.key ? 1 : -1))
      }),

    remove,

    sweep: async (key, signal) => {
      await abandonUploads(key, signal)
      await remove(key, signal)
    },

    // GET and not HEAD: only with a body does a store say why it refuses. Who may not list gets AccessDenied for what is absent.
    reach: (signal) =>
      guarded(signal, async () => {
        const command = new GetObjectCommand(at(`.bascule-absent-${randomUUID()}`))
        await client.send(command, { abortSignal: signal }).catch((error: unknown) => {
          if (!(error instanceof Error && (error.name === 'NoSuchKey' || error.name === 'AccessDenied'))) throw error
        })
      }),

    writeProbe: (name, content, signal) =>
      guarded(signal, async () => {
        await client.send(new PutObjectCommand({ ...at(name), Body: content }), { abortSignal: signal })
      }),

    readProbe: (name, signal) =>
      guarded(signal, async () => {
        const { Body } = await client.send(new GetObjectCommand(at(name)), { abortSignal: signal })
        return Buffer.from((await Body?.transformToByteArray()) ?? [])
      }),

    listProbe: (name, signal) =>
      guarded(signal, async () => {
        const { Contents = [] } = await client.send(new ListObjectsV2Command(under(name)), { abortSignal: signal })
        return Contents.some(({ Key }) => Key === at(name).Key)
      }),

    removeProbe: remove,

    close: () => client.destroy(),
  }
}
