'use client'

import { useTranslations } from 'next-intl'
import type { ErrorReport } from '@/lib/core/errors'
import { ApiError, type ApiErrorCode } from './api-error'

export interface ErrorText {
  code: ApiErrorCode
  /** What happened, in a few words. */
  title: string
  /** What that means here. */
  body: string
  /** What to do next. */
  hint: string
  /** The server's own sentence, in English: it may name the table or the host. */
  detail: string
  subject: string | undefined
}

/** Puts an error's code into words of the reader's language. */
export function useErrorText(): (error: unknown) => ErrorText {
  const t = useTranslations('errors')
  return (error) => {
    const { code, message, subject } = describe(error)
    return { code, title: t(`${code}.title`), body: t(`${code}.body`), hint: t(`${code}.hint`), detail: message, subject }
  }
}

type Described = Pick<ErrorReport, 'message'> & { code: ApiErrorCode; subject: string | undefined }

function describe(error: unknown): Described {
  if (error instanceof ApiError) return { code: error.code, message: error.message, subject: error.subject }
  if (isReport(error)) return { code: error.code, message: error.message, subject: error.subject }
  return { code: 'INTERNAL', message: error instanceof Error ? error.message : String(error), subject: undefined }
}

function isReport(error: unknown): error is ErrorReport {
  return typeof error === 'object' && error !== null && 'code' in error && 'message' in error && 'retryable' in error
}
