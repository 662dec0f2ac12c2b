import { describe, expect, inject, it } from 'vitest'
import { lockTarget } from '@/lib/postgres/target-lock'
import { asTargetUrl } from '@/lib/postgres/target-url'
import { createPostgresDatabase, withPostgres } from '@/tests/support/postgres-databases'
import { openTargetSession } from './target-session'

const never = new AbortController().signal
const applicationName = 'bascule opening'

function open(url: string, events: string[]) {
  return openTargetSession(
    { target: asTargetUrl(url), applicationName, isSoleOwner: false, reconnectMs: 10_000 },
    { onLost: () => events.push('lost'), onBack: () => events.push('back') },
    never,
  )
}

describe.each([...inject('postgresServers')])('opening a session on $name', (server) => {
  it('is waited for when it is cut off before it has the lock', async () => {
    await using target = await createPostgresDatabase(server)
    const events: string[] = []
    const session = await withPostgres(target.url, async (holder) => {
      // While the lock is held elsewhere, the opening asks for it again and again: the moment to cut it.
      await lockTarget(holder)
      const opening = open(target.url, events)
      const cut = () =>
        holder.query(
          `SELECT pg_terminate_backend(pid) FROM pg_stat_activity WHERE application_name = $1 AND query LIKE '%pg_try_advisory_lock%'`,
          [applicationName],
        )
      await expect.poll(async () => (await cut()).rowCount, { timeout: 10_000, interval: 10 }).toBe(1)
      await expect.poll(() => events, { timeout: 10_000 }).toContain('lost')
      await holder.query('SELECT pg_advisory_unlock_all()')
      return opening
    })
    expect(events).toEqual(['lost', 'back'])
    expect((await session.client.query('SELECT 1 AS one')).rows).toEqual([{ one: 1 }])
    await session.close()
  })

  it('a server that never answered is said at once', async () => {
    const events: string[] = []
    const url = new URL(server.url)
    url.port = '1'
    await expect(open(url.href, events)).rejects.toMatchObject({ code: 'TARGET_UNREACHABLE' })
    expect(events).toEqual([])
  })
})
