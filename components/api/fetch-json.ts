import { z } from 'zod'
import { errorCodes } from '@/lib/core/errors'
import { ApiError } from './api-error'

const errorAnswerSchema = z.object({
  error: z.object({
    code: z.enum(errorCodes),
    message: z.string(),
    hint: z.string().optional(),
    subject: z.string().optional(),
    retryable: z.boolean().default(false),
  }),
})

export interface FetchJsonOptions {
  method?: 'GET' | 'POST' | 'PUT' | 'DELETE'
  /** Sent as JSON. */
  body?: unknown
  /** Sent as it is, instead of `body`: a form with its files, or bytes. */
  form?: FormData | Blob
  signal?: AbortSignal
}

/**
 * Asks our own server and checks the answer.
 *
 * @param path from the root of the site, for example `/api/jobs`
 * @param schema what the answer must be
 * @throws ApiError with the server's code; NETWORK when there was no answer, BAD_ANSWER when it could not be read
 */
export async function fetchJson<T>(path: string, schema: z.ZodType<T>, options: FetchJsonOptions = {}): Promise<T> {
  const { method = 'GET', body, form, signal } = options
  let response: Response
  try {
    response = await fetch(path, {
      method,
      cache: 'no-store',
      headers: { accept: 'application/json', ...(body === undefined ? {} : { 'content-type': 'application/json' }) },
      ...(body === undefined ? {} : { body: JSON.stringify(body) }),
      ...(form === undefined ? {} : { body: form }),
      ...(signal === undefined ? {} : { signal }),
    })
  } catch (cause) {
    if (signal?.aborted) throw cause
    throw new ApiError({ code: 'NETWORK', message: 'The server did not answer.', status: 0, retryable: true }, cause)
  }
  const answer: unknown = await response.json().catch(() => undefined)
  if (!response.ok) {
    const refused = errorAnswerSchema.safeParse(answer)
    if (refused.success) {
      const { code, message, retryable, hint, subject } = refused.data.error
      throw new ApiError({ code, message, retryable, hint, subject, status: response.status })
    }
    throw new ApiError({
      code: 'BAD_ANSWER',
      message: `HTTP ${response.status}`,
      status: response.status,
      retryable: response.status >= 500,
    })
  }
  const parsed = schema.safeParse(answer)
  if (parsed.success) return parsed.data
  throw new ApiError({ code: 'BAD_ANSWER', message: z.prettifyError(parsed.error), status: response.status })
}
