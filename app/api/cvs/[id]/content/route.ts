import { userRoute } from '@/app/_server/api-route'
import { idParamsSchema } from '@/app/_server/path-schemas'
import { openStoredCv } from '@/lib/cvsite/cvs'
import { getCvDependencies } from '../../cv-dependencies'

/**
 * The decrypted file as a download. It is somebody's upload: never shown inside our origin, never guessed at,
 * never cached.
 */
export const GET = userRoute({ params: idParamsSchema }, async ({ user, params }) => {
  const { cv, content } = await openStoredCv(await getCvDependencies(), user.id, params.id, 'cv.downloaded')
  const charset = cv.contentType.startsWith('text/') ? '; charset=utf-8' : ''
  return new Response(new Uint8Array(content), {
    headers: {
      'Content-Type': `${cv.contentType}${charset}`,
      'Content-Length': String(content.length),
      'Content-Disposition': attachment(cv.filename),
      'Content-Security-Policy': "default-src 'none'; sandbox",
      'X-Content-Type-Options': 'nosniff',
      'Cache-Control': 'private, no-store',
    },
  })
})

/** RFC 6266: a plain name for old clients, the real one percent-encoded. */
function attachment(filename: string): string {
  const plain = filename.normalize('NFKD').replace(/[^A-Za-z0-9 ._()-]/g, '_')
  const encoded = encodeURIComponent(filename).replace(/['()*]/g, (sign) => `%${sign.charCodeAt(0).toString(16).toUpperCase()}`)
  return `attachment; filename="${plain}"; filename*=UTF-8''${encoded}`
}
