import type { ZodType } from 'zod'
import { AppError } from '@/lib/core/errors'

const maxBodyBytes = 64 * 1024

/**
 * Refuses a changing request that another site's page made. Browsers send Origin with every such request and
 * Sec-Fetch-Site with most; a client that sends neither is no browser, and carries no cookie that it was not given.
 *
 * @param siteUrl NEXT_PUBLIC_SITE_URL: behind a proxy the Host header may differ from what people type
 * @throws AppError NOT_ALLOWED
 */
export function checkOrigin(request: Request, siteUrl: string): void {
  const origin = request.headers.get('origin')
  const site = request.headers.get('sec-fetch-site')
  const isForeignSite = site !== null && site !== 'same-origin' && site !== 'none'
  const isForeignOrigin = origin !== null && !isOwnOrigin(origin, request, siteUrl)
  if (!isForeignSite && !isForeignOrigin) return
  throw new AppError({
    code: 'NOT_ALLOWED',
    operation: 'check the origin of a request',
    message: 'The request came from another site.',
    hint: 'Open the app at the address in NEXT_PUBLIC_SITE_URL and do it there.',
  })
}

/**
 * The JSON body, at most 64 KiB, as `schema` has it.
 *
 * @throws AppError INVALID_INPUT naming the fields, never their values
 */
export async function parseBody<Body>(request: Request, schema: ZodType<Body>): Promise<Body> {
  const type = request.headers.get('content-type') ?? ''
  if (!/^application\/json\b/i.test(type)) throw invalidInput('The body must be JSON (Content-Type: application/json).')
  return parseWith(schema, parseJson(await readLimited(request)), 'body')
}

/** Path parameters or a query, as `schema` has them. @throws AppError INVALID_INPUT */
export function parseWith<Value>(schema: ZodType<Value>, value: unknown, place: string): Value {
  const parsed = schema.safeParse(value)
  if (parsed.success) return parsed.data
  const fields = parsed.error.issues.map((issue) => `${issue.path.join('.') || place}: ${issue.message}`)
  throw invalidInput(`The request is not valid: ${[...new Set(fields)].join('; ')}.`)
}

function isOwnOrigin(origin: string, request: Request, siteUrl: string): boolean {
  if (origin === new URL(siteUrl).origin) return true
  // The same server under another of its names (127.0.0.1 for localhost): a foreign page cannot choose the Host header.
  const host = request.headers.get('host')
  return host !== null && URL.canParse(origin) && new URL(origin).host === host
}

async function readLimited(request: Request): Promise<string> {
  const reader = request.body?.getReader()
  const chunks: Uint8Array[] = []
  let sizeBytes = 0
  for (;;) {
    const chunk = await reader?.read()
    if (!chunk || chunk.done) return Buffer.concat(chunks).toString('utf8')
    sizeBytes += chunk.value.byteLength
    if (sizeBytes > maxBodyBytes) {
      await reader?.cancel()
      throw invalidInput('The body is larger than 64 KiB.')
    }
    chunks.push(chunk.value)
  }
}

function parseJson(text: string): unknown {
  try {
    return JSON.parse(text)
  } catch {
    throw invalidInput('The body is not JSON.')
  }
}

function invalidInput(message: string): AppError {
  return new AppError({ code: 'INVALID_INPUT', operation: 'read a request', message, hint: 'Correct the request and send it again.' })
}
