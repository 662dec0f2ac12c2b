import { chmod, mkdtemp, rm } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import Database from 'better-sqlite3'
import { describe, expect, inject, it } from 'vitest'
import { openControlStore } from '@/lib/control/control-store'
import { createPostgresDatabase, withPostgres } from '@/tests/support/postgres-databases'
import { createCvsiteDatabase } from '@/tests/support/sqlite-databases'
import { advise, limits, type Measures, trendOf } from './advise'
import { readAdvice, saveNeeds } from './read-advice'

const small: Measures = {
  engine: 'sqlite',
  users: 800,
  sizeBytes: 40_000_000,
  writesPerSecond: 0.4,
  writesPeak: 12,
  busyShare: 0.01,
  userGrowth: { perMonth: 50, days: 84 },
  sizeGrowth: { perMonth: 1_000_000, days: 60 },
}
const alone = { machines: 1, availability: 'hours' } as const

describe('the advice', () => {
  it('is to stay where nothing comes near a limit', () => {
    expect(advise(small, alone).verdict).toBe('stay')
  })

  it.each([
    ['users', { ...small, users: limits.users }, alone],
    ['size', { ...small, sizeBytes: limits.sizeBytes }, alone],
    ['writes', { ...small, writesPeak: limits.writesPeak }, alone],
    ['busy', { ...small, busyShare: limits.busyShare }, alone],
    ['machines', small, { machines: 2, availability: 'hours' }],
    ['availability', small, { machines: 1, availability: 'minutes' }],
  ] as const)('is to move when %s alone reaches its limit', (name, measures, needs) => {
    const { verdict, factors } = advise(measures, needs)
    expect(verdict).toBe('move')
    expect(factors.filter(({ state }) => state === 'over').map((factor) => factor.name)).toEqual([name])
  })

  it('is to plan when growth reaches a limit within a year, and says in how many months', () => {
    const { verdict, factors } = advise({ ...small, users: 6_500, userGrowth: { perMonth: 500, days: 84 } }, alone)
    expect(verdict).toBe('plan')
    expect(factors.find(({ name }) => name === 'users')).toMatchObject({ state: 'soon', monthsToLimit: 7, growthPerMonth: 500 })
  })

  it('projects nothing from a few days, and nothing for what shrinks', () => {
    const short = advise({ ...small, users: 6_500, userGrowth: { perMonth: 5_000, days: 3 } }, alone)
    expect(short.factors[0]).toMatchObject({ state: 'fine', monthsToLimit: null, growthPerMonth: null })
    const shrinking = advise({ ...small, userGrowth: { perMonth: -20, days: 84 } }, alone)
    expect(shrinking.factors[0]).toMatchObject({ monthsToLimit: null, growthPerMonth: -20 })
  })

  it('is unknown while the needs are not said or the users cannot be counted; what was not measured is never fine', () => {
    expect(advise(small, null).verdict).toBe('unknown')
    expect(advise({ ...small, users: null }, alone).verdict).toBe('unknown')
    const unmeasured = advise({ ...small, writesPeak: null, busyShare: null }, alone)
    expect(unmeasured.factors.filter(({ state }) => state === 'unknown').map(({ name }) => name)).toEqual(['writes', 'busy'])
    expect(advise({ ...small, engine: 'postgresql' }, alone).verdict).toBe('moved')
  })

  it('finds a straight line', () => {
    const month = 30.44 * 86_400_000
    expect(trendOf([0, 1, 2, 3].map((n) => ({ at: n * month, value: 100 + 25 * n })))).toMatchObject({ perMonth: expect.closeTo(25, 6) })
    expect(trendOf([{ at: 1, value: 1 }])).toBeNull()
  })
})

/** So many users a week for twelve weeks; on SQLite one half as text, one half in milliseconds. */
const weekly = 20
const moment = (week: number) => new Date(Date.now() - (week * 7 + 3) * 86_400_000)

describe('what it is measured from', () => {
  it('counts people by when they came, on SQLite in both ways that dates stand there', async () => {
    const folder = await mkdtemp(join(tmpdir(), 'bascule-advisor-'))
    await using database = await createCvsiteDatabase()
    const store = await openControlStore(join(folder, 'control.db'))
    try {
      const db = new Database(database.path)
      const insert = db.prepare(`INSERT INTO "User" (id, email, "createdAt", "updatedAt") VALUES (?, ?, ?, '2024-01-01 00:00:00')`)
      for (let week = 0; week < 12; week += 1)
        for (let n = 0; n < weekly; n += 1)
          insert.run(`${week}-${n}`, `${week}-${n}@example.org`, n % 2 ? moment(week).toISOString() : moment(week).getTime())
      db.close()
      await chmod(database.path, 0o600)
      await saveNeeds(store, { machines: 1, availability: 'day' }, 'a@example.org')
      const source = { engine: 'sqlite', path: database.path } as const
      const advice = await readAdvice({ store, source, readChecklist: async () => [] })
      expect(advice).toMatchObject({ verdict: 'stay', needs: { machines: 1 }, figures: { users: 12 * weekly } })
      const users = advice.factors.find(({ name }) => name === 'users')
      expect(users?.growthPerMonth).toBeGreaterThan(weekly * 3.5)
      expect(users?.growthPerMonth).toBeLessThan(weekly * 5)
    } finally {
      await store.close()
      await rm(folder, { recursive: true, force: true })
    }
  })

  it.each(inject('postgresServers'))('and on $name', async (server) => {
    const folder = await mkdtemp(join(tmpdir(), 'bascule-advisor-'))
    await using database = await createPostgresDatabase(server, { schema: 'cvsite' })
    const store = await openControlStore(join(folder, 'control.db'))
    try {
      await withPostgres(database.url, async (client) => {
        for (let week = 0; week < 12; week += 1)
          await client.query(
            `INSERT INTO "User" (id, email, "createdAt", "updatedAt") SELECT $1 || '-' || n, $1 || '-' || n || '@example.org', $2, now() FROM generate_series(1, $3::int) n`,
            [String(week), moment(week).toISOString(), weekly],
          )
      })
      const source = { engine: 'postgresql', url: database.url } as const
      const advice = await readAdvice({ store, source, readChecklist: async () => [] })
      expect(advice).toMatchObject({ verdict: 'moved', figures: { users: 12 * weekly }, checklist: [] })
      expect(advice.factors.find(({ name }) => name === 'users')?.growthPerMonth).toBeGreaterThan(weekly * 3.5)
    } finally {
      await store.close()
      await rm(folder, { recursive: true, force: true })
    }
  })
})
