import { open } from 'node:fs/promises'
import { dirname } from 'node:path'
import { expect, it } from 'vitest'
import { reportError } from '@/lib/core/errors'
import { createCvsiteDatabase } from '@/tests/support/sqlite-databases'
import { requireIntegrity } from './snapshot-sqlite'

it('a damaged file is told of in words; what SQLite says is kept beside them, and where it lies is not said', async () => {
  await using sqlite = await createCvsiteDatabase()
  const file = await open(sqlite.path, 'r+')
  const page = 4096
  for (let at = page * 2; at < page * 12; at += page) await file.write(Buffer.alloc(page, 0xff), 0, page, at)
  await file.close()
  const error: unknown = await requireIntegrity(sqlite.path, new AbortController().signal).catch((thrown: unknown) => thrown)
  expect(reportError(error)).toMatchObject({ code: 'SOURCE_DAMAGED', message: expect.not.stringMatching(/page|error code|\n/i) })
  expect(error).toMatchObject({ cause: { message: expect.stringMatching(/page|malformed/i) } })
  expect(JSON.stringify(reportError(error))).not.toContain(dirname(sqlite.path))
})
