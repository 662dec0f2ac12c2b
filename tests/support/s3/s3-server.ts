import { createHash, createHmac, timingSafeEqual } from 'node:crypto'
import { readdir, readFile, rm } from 'node:fs/promises'
import { type ClientRequest, createServer, request as httpRequest, type IncomingMessage, type ServerResponse } from 'node:http'
import type { AddressInfo } from 'node:net'
import { join } from 'node:path'
import S3rver from 's3rver'

export const testBucket = 'backups'
/** s3rver knows this key alone. */
export const testAccessKey = { accessKeyId: 'S3RVER', secretAccessKey: 'S3RVER' } as const

/** What is done with a request instead of handing it on; null: it is handed on. */
export type Fault = (request: IncomingMessage, response: ServerResponse) => 'handled' | null

export interface TestS3Server {
  /** http://127.0.0.1:port */
  readonly url: string
  /** Folder in which s3rver keeps the bucket. */
  readonly folder: string
  /** Every request so far, as METHOD /path?query. */
  readonly requests: readonly string[]
  /** Applied to each request until it is null again. */
  fault: Fault | null
  /** Uploads that were begun and neither finished nor given up. */
  uploads(): Promise<readonly string[]>
  close(): Promise<void>
}

/**
 * s3rver, a server in Node that speaks S3 and keeps objects as files, behind a door of ours that adds what it lacks (signatures
 * are verified, uploads can be listed and given up) and can do what networks and providers do: refuse, break off, stop.
 */
export async function startS3Server(folder: string): Promise<TestS3Server> {
  const store = new S3rver({
    port: 0,
    address: '127.0.0.1',
    silent: true,
    directory: folder,
    configureBuckets: [{ name: testBucket, configs: [] }],
  })
  const { port: innerPort } = await store.run()
  const uploadsFolder = join(folder, testBucket, '._S3rver_uploads')
  const requests: string[] = []
  const passed = new Set<ClientRequest>()

  const door = createServer((request, response) => {
    requests.push(`${request.method} ${request.url}`)
    if (server.fault?.(request, response) === 'handled') return
    const url = new URL(request.url ?? '/', 'http://localhost')
    if (!isSigned(request, url)) return answerError(response, 403, 'SignatureDoesNotMatch')
    if (request.method === 'GET' && url.searchParams.has('uploads')) return void listUploads(response)
    if (request.method === 'DELETE' && url.searchParams.has('uploadId')) return void giveUp(url, response)
    const inner = httpRequest(
      { host: '127.0.0.1', port: innerPort, method: request.method, path: request.url, headers: request.headers, agent: false },
      (answer) => {
        response.writeHead(answer.statusCode ?? 500, answer.headers)
        answer.pipe(response)
      },
    )
    passed.add(inner)
    inner.on('error', () => response.destroy()).on('close', () => passed.delete(inner))
    // Who breaks off breaks off there too: a request that never gets its end would keep s3rver from closing.
    response.on('close', () => inner.destroy())
    request.pipe(inner)
  })

  async function beginUploads(): Promise<{ id: string; key: string }[]> {
    const ids = await readdir(uploadsFolder).catch(() => [])
    return Promise.all(ids.map(async (id) => ({ id, key: await readFile(join(uploadsFolder, id, 'key'), 'utf8') })))
  }

  async function listUploads(response: ServerResponse): Promise<void> {
    const all = (await beginUploads()).map(({ id, key }) => `<Upload><Key>${key}</Key><UploadId>${id}</UploadId></Upload>`)
    answerXml(response, 200, `<ListMultipartUploadsResult><Bucket>${testBucket}</Bucket>${all.join('')}</ListMultipartUploadsResult>`)
  }

  async function giveUp(url: URL, response: ServerResponse): Promise<void> {
    await rm(join(uploadsFolder, url.searchParams.get('uploadId') ?? 'none'), { recursive: true, force: true })
    response.writeHead(204).end()
  }

  await new Promise<void>((resolve) => door.listen(0, '127.0.0.1', resolve))
  const server: TestS3Server = {
    url: `http://127.0.0.1:${(door.address() as AddressInfo).port}`,
    folder: join(folder, testBucket),
    requests,
    fault: null,
    uploads: async () => (await beginUploads()).map(({ key }) => key),
    close: async () => {
      const closed = new Promise((resolve) => door.close(resolve))
      door.closeAllConnections()
      await closed
      for (const each of passed) each.destroy()
      await store.close()
    },
  }
  return server
}

/** An answer as S3 words its errors. */
export function answerError(response: ServerResponse, status: number, code: string): void {
  answerXml(response, status, `<Error><Code>${code}</Code><Message>${code}, said the test.</Message></Error>`)
}

function answerXml(response: ServerResponse, status: number, body: string): void {
  response.writeHead(status, { 'Content-Type': 'application/xml' }).end(`<?xml version="1.0" encoding="UTF-8"?>${body}`)
}

/** Signature Version 4 in the Authorization header, as Amazon documents it. */
function isSigned(request: IncomingMessage, url: URL): boolean {
  const header = /Credential=([^/]+)\/(\d{8})\/([^/]+)\/s3\/aws4_request, ?SignedHeaders=([^,]+), ?Signature=([0-9a-f]{64})/.exec(
    request.headers.authorization ?? '',
  )
  if (!header) return false
  const [, , date = '', region = '', names = '', signature = ''] = header
  const escaped = (text: string) =>
    encodeURIComponent(text).replace(/[!'()*]/g, (letter) => `%${letter.charCodeAt(0).toString(16).toUpperCase()}`)
  const query = [...url.searchParams].map(([name, value]) => `${escaped(name)}=${escaped(value)}`).sort()
  const signed = names.split(';').map(
    (name) =>
      `${name}:${String(request.headers[name] ?? '')
        .trim()
        .replace(/\s+/g, ' ')}\n`,
  )
  const canonical = [request.method, url.pathname, query.join('&'), signed.join(''), names, request.headers['x-amz-content-sha256']].join(
    '\n',
  )
  const scope = `${date}/${region}/s3/aws4_request`
  const text = ['AWS4-HMAC-SHA256', request.headers['x-amz-date'], scope, createHash('sha256').update(canonical).digest('hex')].join('\n')
  const hmac = (key: string | Buffer, content: string) => createHmac('sha256', key).update(content).digest()
  const key = hmac(hmac(hmac(hmac(`AWS4${testAccessKey.secretAccessKey}`, date), region), 's3'), 'aws4_request')
  return timingSafeEqual(hmac(key, text), Buffer.from(signature, 'hex'))
}
