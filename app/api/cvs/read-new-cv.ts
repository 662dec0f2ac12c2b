import { AppError } from '@/lib/core/errors'
import { maxUploadBytes, type NewCv, tooLarge, uploadedCv, writtenCv } from '@/lib/cvsite/cv-documents'

/** A form around a file: names of fields, boundaries, the title. */
const formBytes = 64 * 1024

/**
 * The CV in a request: JSON `{title, text}`, or a form with `title` and `file`. At most maxUploadBytes are read
 * (and what a form needs around them), whatever the request says of its own length.
 *
 * @throws AppError INVALID_INPUT
 */
export async function readNewCv(request: Request): Promise<NewCv> {
  const contentType = request.headers.get('content-type') ?? ''
  const body = new Response(await readBounded(request), { headers: { 'content-type': contentType } })
  if (/^application\/json\b/i.test(contentType)) return writtenCv(await body.json().catch(malformed))
  if (/^multipart\/form-data\b/i.test(contentType)) {
    const form = await body.formData().catch(malformed)
    const [title, file] = [form.get('title'), form.get('file')]
    if (!(file instanceof File)) throw invalid('The form has no file.')
    return uploadedCv(typeof title === 'string' ? title : '', file.name, Buffer.from(await file.arrayBuffer()))
  }
  throw invalid('Send JSON, or a form with a file.')
}

async function readBounded(request: Request): Promise<Buffer<ArrayBuffer>> {
  const chunks: Uint8Array[] = []
  let bytes = 0
  const reader = request.body?.getReader()
  for (;;) {
    const part = await reader?.read()
    if (part === undefined || part.done) return Buffer.concat(chunks)
    bytes += part.value.byteLength
    if (bytes > maxUploadBytes + formBytes) {
      await reader?.cancel()
      throw tooLarge()
    }
    chunks.push(part.value)
  }
}

function malformed(): never {
  throw invalid('The body of the request cannot be read.')
}

function invalid(message: string): AppError {
  return new AppError({ code: 'INVALID_INPUT', operation: 'add CV', message, hint: 'Correct the request and send it again.' })
}
