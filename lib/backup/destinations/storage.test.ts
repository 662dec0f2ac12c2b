import { execFileSync } from 'node:child_process'
import { createHash, randomBytes } from 'node:crypto'
import { createReadStream } from 'node:fs'
import { mkdir, readdir, readFile, writeFile } from 'node:fs/promises'
import { join } from 'node:path'
import type { Readable } from 'node:stream'
import { afterAll, afterEach, beforeAll, beforeEach, describe, expect, it } from 'vitest'
import { AppError } from '@/lib/core/errors'
import { answerError, startS3Server, type TestS3Server, testAccessKey, testBucket } from '@/tests/support/s3/s3-server'
import { createTemporaryFolder, type TemporaryFolder } from '@/tests/support/sqlite-databases'
import type { S3Place } from './destination'
import { createFolderStorage } from './folder-storage'
import { createS3Storage } from './s3-storage'
import type { Storage } from './storage'
import { testDestination } from './test-destination'

const never = new AbortController().signal
const ignore = () => undefined
const key = 'backup-20260101-000000-abcdef.tar.gz'
const partBytes = 5 * 1024 * 1024

let folder: TemporaryFolder
let server: TestS3Server
let storage: Storage | undefined

beforeAll(async () => {
  folder = await createTemporaryFolder('destinations')
  server = await startS3Server(join(folder.path, 's3'))
})
afterAll(async () => {
  await server.close()
  await folder[Symbol.asyncDispose]()
})
beforeEach(() => {
  server.fault = null
})
afterEach(() => {
  storage?.close()
  storage = undefined
})

/** An archive of so many bytes, and what is known of it. */
async function sample(sizeBytes: number) {
  const content = randomBytes(sizeBytes)
  const path = join(folder.path, `archive-${sizeBytes}-${randomBytes(4).toString('hex')}`)
  await writeFile(path, content)
  return { content, path, sizeBytes, sha256: createHash('sha256').update(content).digest('hex') }
}

const place = (prefix: string): S3Place => ({
  kind: 's3',
  endpoint: server.url,
  region: 'eu-west-3',
  bucket: testBucket,
  prefix,
  pathStyle: true,
  accessKeyId: testAccessKey.accessKeyId,
})
let counter = 0
function s3(changes: Partial<S3Place> = {}, secret: string = testAccessKey.secretAccessKey): Storage {
  counter += 1
  storage = createS3Storage({ ...place(`run/${counter}`), ...changes }, secret, { allowPrivate: true })
  return storage
}

async function collect(stream: Readable): Promise<Buffer> {
  const chunks: Buffer[] = []
  for await (const chunk of stream) chunks.push(chunk as Buffer)
  return Buffer.concat(chunks)
}

const openers = {
  s3: async () => s3(),
  folder: async () => {
    const path = join(folder.path, `shelf-${randomBytes(4).toString('hex')}`)
    await mkdir(path)
    return createFolderStorage({ kind: 'folder', path })
  },
} as const

describe.each(Object.entries(openers))('a destination of kind %s', (_kind, open) => {
  it('takes an archive in parts, gives it back whole and in ranges, lists and removes it', async () => {
    const store = await open()
    const archive = await sample(partBytes * 2 + 12_345)
    const progress: number[] = []
    await store.put({ key, ...archive, onProgress: (bytes) => progress.push(bytes), signal: never })
    expect(progress.at(-1)).toBe(archive.sizeBytes)
    expect(await store.sizeOf(key, never)).toBe(archive.sizeBytes)
    expect((await collect(await store.get(key, never))).equals(archive.content)).toBe(true)
    const range = { start: partBytes - 5, end: partBytes + 5 }
    expect((await collect(await store.get(key, never, range))).equals(archive.content.subarray(range.start, range.end + 1))).toBe(true)
    await store.writeProbe('something-else', Buffer.from('x'), never)
    expect(await store.list(never)).toEqual([expect.objectContaining({ key, sizeBytes: archive.sizeBytes })])
    await store.remove(key, never)
    await store.remove(key, never)
    expect([await store.sizeOf(key, never), await store.list(never)]).toEqual([null, []])
  })

  it('takes a small one whole', async () => {
    const store = await open()
    const archive = await sample(1000)
    await store.put({ key, ...archive, onProgress: ignore, signal: never })
    expect((await collect(await store.get(key, never))).equals(archive.content)).toBe(true)
  })

  it('takes nothing that is not what was noted, and leaves nothing', async () => {
    const store = await open()
    const archive = await sample(partBytes + 10)
    const other = createHash('sha256').update('another').digest('hex')
    await expect(store.put({ key, ...archive, sha256: other, onProgress: ignore, signal: never })).rejects.toMatchObject({
      code: 'BACKUP_DAMAGED',
    })
    expect(await store.list(never)).toEqual([])
  })

  it('is tested step by step, and nothing of the test stays', async () => {
    const store = await open()
    const { status, steps } = await testDestination(store, never)
    expect([status, steps.map(({ step, status: outcome }) => `${step} ${outcome}`)]).toEqual([
      'passed',
      ['reach passed', 'write passed', 'read passed', 'list passed', 'delete passed'],
    ])
    await store.put({ key, ...(await sample(10)), onProgress: ignore, signal: never })
    expect(await store.list(never)).toHaveLength(1)
  })

  it('a cancel in the middle leaves nothing', async () => {
    const store = await open()
    const archive = await sample(partBytes * 3)
    const stop = new AbortController()
    const cancel = () => stop.abort(new AppError({ code: 'CANCELLED', message: 'cancelled' }))
    await expect(store.put({ key, ...archive, onProgress: cancel, signal: stop.signal })).rejects.toMatchObject({ code: 'CANCELLED' })
    expect(await store.sizeOf(key, never)).toBeNull()
    expect(await server.uploads()).toEqual([])
  })
})

describe('S3', () => {
  it('sends a part again that did not arrive', async () => {
    const store = s3()
    const archive = await sample(partBytes * 2)
    let dropped = 0
    server.fault = (request) => {
      if (request.method !== 'PUT' || !request.url?.includes('partNumber=2') || dropped === 2) return null
      dropped += 1
      request.once('data', () => request.socket.destroy())
      return 'handled'
    }
    await store.put({ key, ...archive, onProgress: ignore, signal: never })
    expect(dropped).toBe(2)
    expect((await collect(await store.get(key, never))).equals(archive.content)).toBe(true)
  })

  it('gives its parts up when they cannot be sent at all', async () => {
    const store = s3()
    server.fault = (request, response) => {
      if (!request.url?.includes('partNumber=2')) return null
      request.resume()
      answerError(response, 403, 'QuotaExceeded')
      return 'handled'
    }
    await expect(store.put({ key, ...(await sample(partBytes * 2)), onProgress: ignore, signal: never })).rejects.toMatchObject({
      code: 'DESTINATION_FAILED',
      reason: 'full',
    })
    expect([await server.uploads(), await store.list(never)]).toEqual([[], []])
  })

  it('notices when what lies there is not what was sent, and takes it away', async () => {
    for (const wrong of ['size', 'content'] as const) {
      const store = s3()
      const archive = await sample(partBytes + 100)
      server.fault = (request, response) => {
        const sizeBytes = wrong === 'size' ? archive.sizeBytes - 1 : archive.sizeBytes
        // No ETag of the content: it is read back, and other bytes come.
        if (request.method === 'HEAD') response.writeHead(200, { 'Content-Length': sizeBytes, ETag: '"of-the-store"' }).end()
        else if (request.method === 'GET') response.writeHead(200, { 'Content-Length': sizeBytes }).end(Buffer.alloc(sizeBytes))
        else return null
        return 'handled'
      }
      await expect(store.put({ key, ...archive, onProgress: ignore, signal: never })).rejects.toMatchObject({ reason: 'different' })
      server.fault = null
      expect(await store.list(never)).toEqual([])
    }
  })

  it('reads back where the store has no ETag of the content', async () => {
    const store = s3()
    const archive = await sample(partBytes + 100)
    server.fault = (request, response) => {
      if (request.method !== 'HEAD') return null
      response.writeHead(200, { 'Content-Length': archive.sizeBytes, ETag: '"encrypted-by-the-store"' }).end()
      return 'handled'
    }
    const from = server.requests.length
    await store.put({ key, ...archive, onProgress: ignore, signal: never })
    expect(server.requests.slice(from).filter((line) => line.startsWith('GET'))).toHaveLength(1)
  })

  it('goes on with a download that broke, and gives up one that never goes on', async () => {
    const store = s3()
    const archive = await sample(partBytes)
    await store.put({ key, ...archive, onProgress: ignore, signal: never })
    let broken = 0
    server.fault = (request, response) => {
      if (request.method !== 'GET' || broken === 2) return null
      broken += 1
      const start = Number(/bytes=(\d+)-/.exec(request.headers.range ?? '')?.[1] ?? 0)
      response.writeHead(start === 0 ? 200 : 206, { 'Content-Length': archive.sizeBytes - start, ETag: '"x"' })
      response.write(archive.content.subarray(start, start + 100_000), () => response.destroy())
      return 'handled'
    }
    // The ETag that goes with the rest is the one of the first answer; s3rver does not know it, so it is not asked for.
    const serveRest = server.fault
    server.fault = (request, response) => {
      delete request.headers['if-match']
      if (serveRest(request, response) === 'handled') return 'handled'
      if (request.method !== 'GET') return null
      const start = Number(/bytes=(\d+)-/.exec(request.headers.range ?? '')?.[1] ?? 0)
      createReadStream(archive.path, { start }).pipe(response.writeHead(206, { 'Content-Length': archive.sizeBytes - start, ETag: '"x"' }))
      return 'handled'
    }
    expect((await collect(await store.get(key, never))).equals(archive.content)).toBe(true)
    expect(broken).toBe(2)
    server.fault = (request, response) => {
      if (request.method !== 'GET') return null
      response.writeHead(200, { 'Content-Length': archive.sizeBytes, ETag: '"x"' }).flushHeaders()
      setImmediate(() => response.destroy())
      return 'handled'
    }
    await expect(collect(await store.get(key, never))).rejects.toMatchObject({ code: 'DESTINATION_FAILED', reason: 'connection-lost' })
  })

  it.each([
    ['another secret', () => s3({}, 'not the secret'), 'secret-wrong'],
    ['another key', () => s3({ accessKeyId: 'NOBODY' }, testAccessKey.secretAccessKey), 'key-unknown'],
    ['no such bucket', () => s3({ bucket: 'no-such-bucket' }), 'bucket-missing'],
    ['nobody at the port', () => s3({ endpoint: 'http://127.0.0.1:1' }), 'unreachable'],
  ] as const)('says which step failed and why: %s', async (_what, open, reason) => {
    const { status, steps } = await testDestination(open(), never)
    const failed = steps.find((step) => step.status === 'failed')
    expect([status, failed?.reason, failed?.message === '']).toEqual(['failed', reason, false])
    expect(JSON.stringify(steps)).not.toContain('not the secret')
  })

  it.each([
    ['AccessDenied', 403, 'not-allowed'],
    ['RequestTimeTooSkewed', 403, 'clock'],
    ['AuthorizationHeaderMalformed', 400, 'region-wrong'],
    ['QuotaExceeded', 403, 'full'],
  ])('knows %s when it may not write, and still takes away what it wrote', async (code, status, reason) => {
    const store = s3()
    server.fault = (request, response) => {
      if (request.method !== 'PUT') return null
      request.resume()
      answerError(response, status, code)
      return 'handled'
    }
    const { steps } = await testDestination(store, never)
    expect(steps.map((step) => [step.step, step.status, step.reason])).toEqual([
      ['reach', 'passed', null],
      ['write', 'failed', reason],
      ['read', 'skipped', null],
      ['list', 'skipped', null],
      ['delete', 'skipped', null],
    ])
  })

  it('sweeps what a killed upload left under this key, and nobody else’s', async () => {
    const prefix = 'sweep'
    const begin = (name: string) => fetchSigned(`/${testBucket}/${prefix}/${name}?uploads=`)
    await begin(key)
    await begin(`${key}.age`)
    await s3({ prefix }).sweep(key, never)
    expect(await server.uploads()).toEqual([`${prefix}/${key}.age`])
    await s3({ prefix }).sweep(`${key}.age`, never)
    expect(await server.uploads()).toEqual([])
  })

  /** A multipart upload that is begun and left. */
  async function fetchSigned(path: string): Promise<void> {
    const { S3Client, CreateMultipartUploadCommand } = await import('@aws-sdk/client-s3')
    const client = new S3Client({ endpoint: server.url, region: 'eu-west-3', forcePathStyle: true, credentials: testAccessKey })
    const [, bucket = '', ...rest] = path.replace(/\?.*/, '').split('/')
    await client.send(new CreateMultipartUploadCommand({ Bucket: bucket, Key: rest.join('/') }))
    client.destroy()
  }
})

describe('a folder', () => {
  it('that is not there is not made: a share that is not mounted is no folder on the system’s disk', async () => {
    const store = createFolderStorage({ kind: 'folder', path: join(folder.path, 'not-mounted') })
    await expect(store.put({ key, ...(await sample(10)), onProgress: ignore, signal: never })).rejects.toMatchObject({
      reason: 'folder-missing',
    })
    expect((await testDestination(store, never)).steps[0]).toMatchObject({ status: 'failed', reason: 'folder-missing' })
  })

  // A disk of its own size needs root.
  it.runIf(process.getuid?.() === 0)('that is full says so, and holds no part of what did not fit', async () => {
    const path = join(folder.path, 'full')
    await mkdir(path)
    execFileSync('mount', ['-t', 'tmpfs', '-o', 'size=600k', 'tmpfs', path])
    try {
      const store = createFolderStorage({ kind: 'folder', path })
      await expect(store.put({ key, ...(await sample(2_000_000)), onProgress: ignore, signal: never })).rejects.toMatchObject({
        code: 'DESTINATION_FAILED',
        reason: 'full',
      })
      expect(await readdir(path)).toEqual([])
    } finally {
      execFileSync('umount', ['-l', path])
    }
  })

  it('holds the archive alone, with rights for its owner', async () => {
    const path = join(folder.path, 'rights')
    await mkdir(path)
    await writeFile(join(path, `.upload-${key}.part`), 'half, of a killed process')
    const archive = await sample(100)
    await createFolderStorage({ kind: 'folder', path }).put({ key, ...archive, onProgress: ignore, signal: never })
    expect(await readdir(path)).toEqual([key])
    expect((await readFile(join(path, key))).equals(archive.content)).toBe(true)
  })
})
