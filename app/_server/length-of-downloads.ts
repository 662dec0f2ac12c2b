import { ServerResponse } from 'node:http'

/** How a route says the length of what it streams, in bytes. It never leaves this process. */
export const lengthHeader = 'x-file-length'

/**
 * Next.js drops Content-Length from every route's answer, so that a download that was cut off looks whole and browsers show no
 * progress. What a route says in `lengthHeader` becomes Content-Length just before the head is written.
 */
export function sendLengthOfDownloads(): void {
  const writeHead = ServerResponse.prototype.writeHead
  ServerResponse.prototype.writeHead = function (this: ServerResponse, ...args: unknown[]) {
    const length = this.getHeader(lengthHeader)
    if (length !== undefined) {
      this.removeHeader(lengthHeader)
      this.setHeader('Content-Length', String(length))
      // The pages' own policy is set on every answer; a download is to be no page.
      this.setHeader('Content-Security-Policy', "default-src 'none'; sandbox")
    }
    return Reflect.apply(writeHead, this, args)
  }
}
