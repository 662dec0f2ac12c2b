import { describe, expect, it } from 'vitest'
import { cancelledError, throwIfAborted } from './abort'
import { AppError, errorCodes, exitStatusOf, httpStatusOf, reportError } from './errors'

describe('an error report', () => {
  it('carries what people need and nothing that leaks', () => {
    const error = new AppError({
      code: 'TARGET_UNREACHABLE',
      message: 'The server does not answer.',
      hint: 'Is it running?',
      operation: 'connect',
      subject: 'db:5432',
      retryable: true,
      cause: new Error('connect ECONNREFUSED, password=secret'),
    })
    expect(reportError(error)).toEqual({
      code: 'TARGET_UNREACHABLE',
      message: 'The server does not answer.',
      hint: 'Is it running?',
      subject: 'db:5432',
      retryable: true,
    })
    expect(error.cause).toBeInstanceOf(Error)
  })

  it('leaves out hint and subject where there are none', () => {
    const report = reportError(new AppError({ code: 'CANCELLED', message: 'Cancelled.' }))
    expect(report).toEqual({ code: 'CANCELLED', message: 'Cancelled.', retryable: false })
  })

  it.each([[new Error('boom')], ['boom']])('calls what was not expected INTERNAL', (thrown) => {
    expect(reportError(thrown)).toMatchObject({ code: 'INTERNAL', message: 'boom', retryable: false })
  })
})

describe('statuses', () => {
  it('has an HTTP error status for every code', () => {
    for (const code of errorCodes) expect(httpStatusOf(code)).toBeGreaterThanOrEqual(400)
  })

  it.each([
    ['NOT_SIGNED_IN', 401],
    ['NOT_ALLOWED', 403],
    ['NOT_FOUND', 404],
    ['STATE_CONFLICT', 409],
    ['APP_READ_ONLY', 503],
    ['INTERNAL', 500],
  ] as const)('answers %s with %i', (code, status) => {
    expect(httpStatusOf(code)).toBe(status)
  })

  it('ends a command with 2 for wrong usage or configuration and 1 for what went wrong', () => {
    expect(exitStatusOf('CONFIG_INVALID')).toBe(2)
    expect(exitStatusOf('TARGET_URL_INVALID')).toBe(2)
    expect(exitStatusOf('COUNTS_DIFFER')).toBe(1)
  })
})

describe('a fired signal', () => {
  it('is CANCELLED, unless it was fired for another reason', () => {
    const reason = new AppError({ code: 'LEASE_LOST', message: 'Someone else took over.' })
    expect(cancelledError(AbortSignal.abort(reason))).toBe(reason)
    expect(cancelledError(AbortSignal.abort()).code).toBe('CANCELLED')
  })

  it('stops an operation between its steps, and only then', () => {
    expect(() => throwIfAborted(AbortSignal.abort())).toThrow(AppError)
    expect(() => throwIfAborted(new AbortController().signal)).not.toThrow()
    expect(() => throwIfAborted(undefined)).not.toThrow()
  })
})
