import { expect, it, vi } from 'vitest'
import { AppError, reportError } from './errors'

it('knows an AppError that another copy of the module made, as Next bundles pages and routes apart', async () => {
  vi.resetModules()
  const other = await import('./errors')
  const error = new other.AppError({ code: 'APP_READ_ONLY', message: 'No.', retryable: true })
  expect(other.AppError).not.toBe(AppError)
  expect(error).toBeInstanceOf(AppError)
  expect(error).toBeInstanceOf(Error)
  expect(reportError(error)).toEqual({ code: 'APP_READ_ONLY', message: 'No.', retryable: true })
})

it('takes nothing else for one', () => {
  for (const other of [new Error('x'), { code: 'APP_READ_ONLY', message: 'x' }, null, undefined, 'x'])
    expect(other instanceof AppError).toBe(false)
})
