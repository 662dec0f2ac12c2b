import { join } from 'node:path'
import { describe, expect, inject, it } from 'vitest'
import type { ActiveState } from '@/lib/control/active-state'
import { createPostgresDatabase } from '@/tests/support/postgres-databases'
import { createAppDatabase } from './app-database'
import { contradictionOf } from './check-against-record'
import { ensureSchema } from './ensure-schema'

const root = join(import.meta.dirname, '../..')

describe('a process that is set up for another database than the recorded one', () => {
  it('reads, writes nothing, and says why without an address; set up as recorded it writes', async () => {
    await using recorded = await createPostgresDatabase({ url: inject('embeddedPostgresUrl') })
    await ensureSchema({ engine: 'postgresql', url: recorded.url }, root)
    const target = { sealedUrl: recorded.url, label: 'the recorded one' }
    const state: ActiveState = { status: 'on-postgresql', jobId: 'job', target, since: '2026-01-01T00:00:00.000Z' }
    const other = new URL(recorded.url)
    other.pathname = '/another'
    const open = (url: string) =>
      createAppDatabase({
        readState: async () => state,
        sqlitePath: null,
        openTarget: ({ sealedUrl }) => sealedUrl,
        contradiction: (now) => contradictionOf({ engine: 'postgresql', url }, now, () => recorded.url),
      })
    const [wrong, right] = [open(other.href), open(recorded.url)]
    try {
      const write = (database: typeof wrong) => database.write(({ user }) => user.create({ data: { email: 'a@cvsite.test' } }))
      const refusal = await write(wrong).catch((error: unknown) => error)
      expect(refusal).toMatchObject({ code: 'CONFIG_INVALID', retryable: false, hint: expect.stringContaining('DATABASE_URL') })
      expect(String(refusal)).not.toMatch(/\/another|127\.0\.0\.1/)
      expect(await wrong.read(({ user }) => user.count())).toBe(0)
      await write(right)
      expect(await wrong.read(({ user }) => user.count())).toBe(1)
    } finally {
      await Promise.all([wrong.close(), right.close()])
    }
  })

  it('is one whose DATABASE_URL names PostgreSQL while the data is in SQLite, and none whose key opens nothing', () => {
    const location = { engine: 'postgresql', url: 'postgresql://app:x@db:5432/app' } as const
    expect(contradictionOf(location, { status: 'on-sqlite' }, () => '')).toMatchObject({ code: 'CONFIG_INVALID' })
    const state: ActiveState = {
      status: 'on-postgresql',
      jobId: null,
      target: { sealedUrl: '', label: '' },
      since: '2026-01-01T00:00:00.000Z',
    }
    const unopened = () => {
      throw new Error('another key')
    }
    expect(contradictionOf(location, state, unopened)).toBeNull()
    expect(contradictionOf({ engine: 'sqlite', path: '/app.db' }, state, unopened)).toBeNull()
  })
})
