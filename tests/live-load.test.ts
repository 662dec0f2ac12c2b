import { describe, expect, inject, it } from 'vitest'
import { runRoundTrips } from '@/bench/live/round-trips'
import { createPostgresDatabase, type TestPostgresDatabase } from './support/postgres-databases'
import { createTemporaryFolder } from './support/sqlite-databases'

/** The small version of `npm run bench -- --live`. */
describe('an app that several processes write to', () => {
  it('goes to PostgreSQL and back: every acknowledged write is there exactly once, and none that was refused', async () => {
    await using folder = await createTemporaryFolder('live')
    const targets: TestPostgresDatabase[] = []
    try {
      const result = await runRoundTrips({
        folder: folder.path,
        createTarget: async () => {
          const target = await createPostgresDatabase({ url: inject('embeddedPostgresUrl') })
          targets.push(target)
          return target.url
        },
        rows: 5_000,
        processes: 2,
        perSecond: 60,
        rounds: 1,
        writesBetween: 30,
        say: (line) => console.info(line),
      })
      expect(result.faults).toEqual([])
      expect(result.acknowledged).toBeGreaterThan(150)
      console.info(`${result.acknowledged} writes, longest wait ${result.longestWaitMs} ms, p99 ${result.p99Ms} ms`)
    } finally {
      for (const target of targets) await target.drop()
    }
  }, 600_000)
})
