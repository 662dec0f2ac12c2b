import { connect, isIP, type Socket } from 'node:net'
import { connect as connectTls, type DetailedPeerCertificate, type TLSSocket } from 'node:tls'
import { resolveAddress } from './connect'
import type { TargetUrl } from './target-url'

/** What a server shows whoever asks it for TLS. */
export type CertificateProbe =
  | { readonly kind: 'plain' }
  | {
      readonly kind: 'tls'
      /** Why a client that checks certificates would refuse it (Node's code); null when it would not. */
      readonly problem: string | null
      readonly issuer: string
      readonly validTo: string
      /** The name that was asked for. */
      readonly host: string
      /** Names that the certificate is for. */
      readonly names: string
      readonly protocol: string
    }

/** PostgreSQL's SSLRequest: length 8 and the number 80877103. https://www.postgresql.org/docs/current/protocol-message-formats.html */
const sslRequest = Buffer.from([0, 0, 0, 8, 0x04, 0xd2, 0x16, 0x2f])

/**
 * Asks a PostgreSQL server for TLS and looks at its certificate. Nothing is sent but the request: no user, no password.
 *
 * @throws AppError TARGET_URL_REFUSED for an address that may not be asked; network errors as Node has them
 */
export async function probeCertificate(target: TargetUrl, signal: AbortSignal): Promise<CertificateProbe> {
  return withSocket(target, signal, async (socket) => {
    const answer = await firstByte(socket)
    return answer === 'S' ? look(socket, target) : { kind: 'plain' }
  })
}

/** Whether a server answers a request for TLS with yes. Nothing else is sent. @throws as `probeCertificate` does */
export async function offersTls(target: TargetUrl, signal: AbortSignal): Promise<boolean> {
  return withSocket(target, signal, async (socket) => (await firstByte(socket)) === 'S')
}

async function withSocket<T>(target: TargetUrl, signal: AbortSignal, use: (socket: Socket) => Promise<T>): Promise<T> {
  const address = await resolveAddress(target)
  const socket = connect({ host: address, port: target.port })
  const cut = () => socket.destroy(signal.reason instanceof Error ? signal.reason : new Error('aborted'))
  if (signal.aborted) cut()
  signal.addEventListener('abort', cut, { once: true })
  try {
    return await use(socket)
  } finally {
    signal.removeEventListener('abort', cut)
    socket.destroy()
  }
}

function firstByte(socket: Socket): Promise<string> {
  return new Promise((resolve, reject) => {
    socket.once('error', reject)
    socket.once('close', () => reject(Object.assign(new Error('The server closed the connection.'), { code: 'ECONNRESET' })))
    socket.once('connect', () => socket.write(sslRequest))
    socket.once('data', (data) => {
      socket.removeAllListeners()
      resolve(data.subarray(0, 1).toString('latin1'))
    })
  })
}

function look(socket: Socket, { host, ca }: TargetUrl): Promise<CertificateProbe> {
  return new Promise((resolve, reject) => {
    // Not refused but looked at: what a checking client would have said stands in authorizationError.
    const tls: TLSSocket = connectTls({
      socket,
      host,
      rejectUnauthorized: false,
      ...(isIP(host) ? {} : { servername: host }),
      ...(ca === null ? {} : { ca }),
    })
    tls.once('error', reject)
    tls.once('secureConnect', () => {
      const certificate: DetailedPeerCertificate = tls.getPeerCertificate(true)
      const { authorizationError: problem } = tls
      resolve({
        kind: 'tls',
        problem: problem ? codeOf(problem) : null,
        issuer: nameOf(certificate.issuer),
        validTo: certificate.valid_to ? new Date(certificate.valid_to).toISOString() : '',
        host,
        names: certificate.subjectaltname ?? nameOf(certificate.subject),
        protocol: tls.getProtocol() ?? '',
      })
      tls.destroy()
    })
  })
}

/** Node's types say Error, its documentation and what it does say a code's text. */
function codeOf(problem: Error | string): string {
  if (typeof problem === 'string') return problem
  return 'code' in problem && typeof problem.code === 'string' ? problem.code : problem.message
}

function nameOf(subject: { readonly CN?: unknown; readonly O?: unknown } | undefined): string {
  return [subject?.CN, subject?.O]
    .flat()
    .filter((part) => typeof part === 'string')
    .join(', ')
}
