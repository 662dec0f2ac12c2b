import { expect, it } from 'vitest'
import { failureText } from './command-line'

it('says where a failure was, once, and what to do', () => {
  const missing = { code: 'SOURCE_MISSING', message: 'There is no file at this path.', hint: 'Check the path.' }
  expect(failureText({ ...missing, subject: '/data/app.db' })).toBe(
    '/data/app.db: There is no file at this path. [SOURCE_MISSING]\nCheck the path.',
  )
  expect(failureText({ code: 'SOURCE_UNREADABLE', subject: 't.a', message: 't.a uses a collation.' })).toBe(
    't.a uses a collation. [SOURCE_UNREADABLE]',
  )
})
