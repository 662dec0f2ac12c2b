import { createHmac, randomUUID } from 'node:crypto'
import { lookup } from 'node:dns'
import { type IncomingMessage, request as requestHttp } from 'node:http'
import { request as requestHttps } from 'node:https'
import type { LookupFunction } from 'node:net'
import { AppError, reportError } from '@/lib/core/errors'
import { checkAddress } from '@/lib/postgres/target-url'

export interface Webhook {
  readonly url: string
  /** Shared with the receiver; signs each message. */
  readonly secret: string | null
  readonly allowPrivate: boolean
}

const timeoutMs = 10_000

/**
 * Posts one message as JSON. The receiver tells that it is ours, and new, by the headers:
 *
 *   Bascule-Timestamp: seconds since 1970
 *   Bascule-Signature: v1=<hex HMAC-SHA-256 of "<timestamp>.<body>" with the shared secret>
 *   Bascule-Delivery:  the same for every attempt at one message
 *
 * Link-local and metadata addresses are never called, private networks only where they are allowed; the address that was
 * checked is the one that is called. Redirects are not followed.
 *
 * @throws AppError DESTINATION_FAILED with what happened, without the URL's path, which may hold a secret
 */
export async function sendWebhook(hook: Webhook, message: object, deliveryId: string = randomUUID()): Promise<void> {
  const url = requireHookUrl(hook.url, hook.allowPrivate)
  const body = JSON.stringify(message)
  const timestamp = String(Math.floor(Date.now() / 1000))
  const headers = {
    'Content-Type': 'application/json',
    'Content-Length': String(Buffer.byteLength(body)),
    'User-Agent': 'bascule',
    'Bascule-Timestamp': timestamp,
    'Bascule-Delivery': deliveryId,
    ...(hook.secret === null ? {} : { 'Bascule-Signature': `v1=${signatureOf(hook.secret, timestamp, body)}` }),
  }
  const status = await post(url, headers, body, hook.allowPrivate)
  if (status < 200 || status > 299)
    throw failed(url, `It answered with status ${status}${status >= 300 && status < 400 ? '; redirects are not followed' : ''}.`)
}

/** As the receiver computes it. */
export function signatureOf(secret: string, timestamp: string, body: string): string {
  return createHmac('sha256', secret).update(`${timestamp}.${body}`).digest('hex')
}

/** The URL after every check that needs no network. @throws AppError INVALID_INPUT */
export function requireHookUrl(text: string, allowPrivate: boolean): URL {
  if (!URL.canParse(text)) throw refused('The webhook’s address is no URL.', 'Write it as https://host/path.')
  const url = new URL(text)
  if (url.protocol !== 'https:' && url.protocol !== 'http:')
    throw refused('The webhook’s address begins with neither https:// nor http://.', 'Use https://.')
  if (url.username !== '' || url.password !== '')
    throw refused('The webhook’s address holds a user and password.', 'Use the shared secret instead.')
  try {
    checkAddress(url.hostname.replace(/^\[|\]$/g, ''), allowPrivate)
  } catch (error) {
    throw refused(reportError(error).message, 'Use another address; ALLOW_PRIVATE_TARGETS=true allows private networks.')
  }
  return url
}

function post(url: URL, headers: Record<string, string>, body: string, allowPrivate: boolean): Promise<number> {
  return new Promise((resolve, reject) => {
    const request = url.protocol === 'https:' ? requestHttps : requestHttp
    const answered = (response: IncomingMessage) => {
      response.resume()
      resolve(response.statusCode ?? 0)
    }
    const signal = AbortSignal.timeout(timeoutMs)
    const sending = request(url, { method: 'POST', headers, signal, agent: false, lookup: checkedLookup(allowPrivate) }, answered)
    sending.once('error', (error) =>
      reject(failed(url, signal.aborted ? `It did not answer within ${timeoutMs / 1000} seconds.` : error.message, error)),
    )
    sending.end(body)
  })
}

/** Hands on checked addresses alone. */
function checkedLookup(allowPrivate: boolean): LookupFunction {
  return (host, options, done) => {
    lookup(host, { ...options, all: true }, (error, addresses) => {
      if (error) return done(error, '', 0)
      try {
        for (const { address } of addresses) checkAddress(address, allowPrivate)
      } catch (refusal) {
        return done(refusal as Error, '', 0)
      }
      if (options.all) return done(null, addresses)
      const [first] = addresses
      return first ? done(null, first.address, first.family) : done(new Error('The host name leads to no address.'), '', 0)
    })
  }
}

function failed(url: URL, said: string, cause?: unknown): AppError {
  return new AppError({
    code: 'DESTINATION_FAILED',
    operation: 'call a webhook',
    subject: url.host,
    message: `The webhook at ${url.host} did not take the message. ${said}`,
    hint: 'Look at its address, and whether it is up.',
    retryable: true,
    ...(cause === undefined ? {} : { cause }),
  })
}

function refused(message: string, hint: string): AppError {
  return new AppError({ code: 'INVALID_INPUT', operation: 'set alarms', message, hint })
}
