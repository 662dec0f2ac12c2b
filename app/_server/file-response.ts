import { createReadStream } from 'node:fs'
import { Readable } from 'node:stream'
import { lengthHeader } from './length-of-downloads'

export interface Served {
  readonly name: string
  readonly sizeBytes: number
  /** Strong validator: a resumed download goes on only with the same bytes. */
  readonly etag: string
}

export interface ServedFile extends Served {
  readonly path: string
}

/** What is read from elsewhere: from a first byte to a last one. */
export interface ServedStream extends Served {
  readonly open: (range: { readonly start: number; readonly end: number }) => Promise<Readable>
}

/**
 * A file as a download, whole or the one range that was asked for (RFC 9110, 14). Several ranges at once get the whole; a
 * range of another version (If-Range) does too.
 */
export function fileResponse(request: Request, { path, ...served }: ServedFile): Promise<Response> {
  const open = async ({ start, end }: { readonly start: number; readonly end: number }) =>
    createReadStream(/*turbopackIgnore: true*/ path, { start, end: Math.max(start, end), highWaterMark: 256 * 1024 })
  return streamResponse(request, { ...served, open })
}

/** The same for content that is not a file here. */
export async function streamResponse(request: Request, { open, name, sizeBytes, etag }: ServedStream): Promise<Response> {
  const headers = {
    'Content-Type': 'application/octet-stream',
    'Content-Disposition': `attachment; filename="${name}"`,
    'Accept-Ranges': 'bytes',
    ETag: `"${etag}"`,
    'Cache-Control': 'private, no-store',
    'X-Content-Type-Options': 'nosniff',
    'Content-Security-Policy': "default-src 'none'; sandbox",
  }
  const ifRange = request.headers.get('if-range')
  const range = ifRange === null || ifRange === `"${etag}"` ? parseRange(request.headers.get('range'), sizeBytes) : null
  if (range === 'unsatisfiable')
    return new Response(null, { status: 416, headers: { ...headers, 'Content-Range': `bytes */${sizeBytes}` } })
  const { start, end } = range ?? { start: 0, end: sizeBytes - 1 }
  const stream = await open({ start, end })
  request.signal.addEventListener('abort', () => stream.destroy(), { once: true })
  return new Response(Readable.toWeb(stream) as ReadableStream<Uint8Array>, {
    status: range === null ? 200 : 206,
    headers: {
      ...headers,
      'Content-Length': String(end - start + 1),
      [lengthHeader]: String(end - start + 1),
      ...(range === null ? {} : { 'Content-Range': `bytes ${start}-${end}/${sizeBytes}` }),
    },
  })
}

interface ByteRange {
  readonly start: number
  readonly end: number
}

/** Null: not asked for, several, or not understood, all of which mean the whole. */
export function parseRange(header: string | null, sizeBytes: number): ByteRange | 'unsatisfiable' | null {
  const match = /^bytes=(\d*)-(\d*)$/.exec(header?.trim() ?? '')
  if (!match || (match[1] === '' && match[2] === '')) return null
  const [, first = '', last = ''] = match
  if (first === '') {
    const length = Math.min(Number(last), sizeBytes)
    return length === 0 ? 'unsatisfiable' : { start: sizeBytes - length, end: sizeBytes - 1 }
  }
  const start = Number(first)
  const end = last === '' ? sizeBytes - 1 : Math.min(Number(last), sizeBytes - 1)
  if (start >= sizeBytes) return 'unsatisfiable'
  return end < start ? null : { start, end }
}
