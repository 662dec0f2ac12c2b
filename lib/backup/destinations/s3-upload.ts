import { createReadStream } from 'node:fs'
import { PassThrough } from 'node:stream'
import { pipeline } from 'node:stream/promises'
import { AbortMultipartUploadCommand, DeleteObjectCommand, GetObjectCommand, HeadObjectCommand, type S3Client } from '@aws-sdk/client-s3'
import { Upload } from '@aws-sdk/lib-storage'
import { throwIfAborted } from '@/lib/core/abort'
import { damaged } from '../encryption'
import { DestinationError } from './destination-error'
import { digestOfStream } from './digest-stream'
import { createPartDigests, type SentDigests } from './part-digests'
import type { PutOptions } from './storage'

/** S3 takes at most 10,000 parts and none below 5 MiB but the last. Two are in memory at a time, and two more that the collector has not seen. */
const smallestPartBytes = 5 * 1024 * 1024
const mostParts = 10_000
const partsAtOnce = 2

export interface S3Object {
  readonly client: S3Client
  readonly bucket: string
  /** The full key, prefix included. */
  readonly objectKey: string
  /** For people. */
  readonly label: string
}

/**
 * Sends an archive in parts, straight from its file. Each part carries a checksum that the store verifies, and is sent again
 * when it does not arrive; what came together at the other end is compared by size and ETag, or read back where a store has
 * no ETag of the content. When it fails or is cancelled its parts are given up and no object is left.
 *
 * @throws DestinationError different; BACKUP_DAMAGED when the file is no longer what was written; what the SDK throws
 */
export async function uploadToS3(object: S3Object, options: PutOptions): Promise<void> {
  const { client, bucket, objectKey } = object
  const partSize = Math.max(smallestPartBytes, Math.ceil(options.sizeBytes / mostParts))
  const digests = createPartDigests(partSize)
  const body = new PassThrough()
  const ended = new AbortController()
  const signal = AbortSignal.any([options.signal, ended.signal])
  const reading = pipeline(createReadStream(options.path, { highWaterMark: 256 * 1024 }), digests.stream, body, { signal })
  // The upload sees it as the failure of its body.
  reading.catch(() => undefined)
  const upload = new Upload({
    client: withSignal(client, options.signal),
    params: {
      Bucket: bucket,
      Key: objectKey,
      Body: body,
      ContentLength: options.sizeBytes,
      ContentType: 'application/octet-stream',
      Metadata: { sha256: options.sha256 },
    },
    partSize,
    queueSize: partsAtOnce,
  })
  upload.on('httpUploadProgress', ({ loaded }) => options.onProgress(loaded ?? 0))
  try {
    await upload.done()
  } finally {
    ended.abort()
    await reading.catch(() => undefined)
  }
  try {
    const sent = digests.result()
    if (sent.sha256 !== options.sha256 || sent.sizeBytes !== options.sizeBytes)
      throw damaged('The file is not what was noted when it was written; no copy was made.')
    await requireSame(object, sent, options.signal)
  } catch (error) {
    // Nothing may lie there under a backup's name that is not this backup.
    await client.send(new DeleteObjectCommand({ Bucket: bucket, Key: objectKey })).catch(() => undefined)
    throw error
  }
}

/** Compares what the store has with what was sent. @throws DestinationError different */
async function requireSame({ client, bucket, objectKey, label }: S3Object, sent: SentDigests, signal: AbortSignal): Promise<void> {
  throwIfAborted(signal)
  const place = { Bucket: bucket, Key: objectKey }
  const head = await client.send(new HeadObjectCommand(place), { abortSignal: signal })
  if (head.ContentLength !== sent.sizeBytes)
    throw new DestinationError('different', label, `${head.ContentLength} bytes instead of ${sent.sizeBytes}`)
  if (sent.etags.includes((head.ETag ?? '').replaceAll('"', '').toLowerCase())) return
  // No ETag of the content (encrypted with a key of the store's, or a store with rules of its own): only the bytes can tell.
  const { Body } = await client.send(new GetObjectCommand(place), { abortSignal: signal })
  const found = Body === undefined ? '' : await digestOfStream(Body as NodeJS.ReadableStream, signal)
  if (found !== sent.sha256) throw new DestinationError('different', label, 'another SHA-256')
}

/**
 * The client as the upload sees it: each call ends with the signal, but not the one that gives up the parts. (Its own abort
 * only stops waiting: calls under way would go on, and their parts stay.)
 */
function withSignal(client: S3Client, signal: AbortSignal): S3Client {
  const send = (command: Parameters<S3Client['send']>[0]) =>
    client.send(command, command instanceof AbortMultipartUploadCommand ? {} : { abortSignal: signal })
  return new Proxy(client, { get: (target, name) => (name === 'send' ? send : Reflect.get(target, name)) })
}
