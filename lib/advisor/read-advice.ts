import { z } from 'zod'
import { appendAudit } from '@/lib/control/audit'
import type { ControlStore } from '@/lib/control/control-store'
import { qualifiedName } from '@/lib/core/quoted-name'
import { readHistory } from '@/lib/monitoring/history/history-store'
import { type OverviewSource, readOverview } from '@/lib/monitoring/overview'
import { withPostgres } from '@/lib/postgres/connect'
import { schemaOf } from '@/lib/postgres/target-url'
import { openSqlite } from '@/lib/sqlite/open-database'
import { type Advice, type ChecklistItem, type Needs, needsSchema } from './advice'
import { advise, type Growth, type Measures, trendOf } from './advise'

const needsKey = 'advisor.needs'
const dayMs = 86_400_000
/** Moments at which people are counted by when they came, for their trend. */
const countedWeeks = 12

export interface AdviceSource {
  readonly store: ControlStore
  readonly source: OverviewSource
  /** Checks for production on SQLite; not asked while the app runs on PostgreSQL. */
  readonly readChecklist: () => Promise<readonly ChecklistItem[]>
}

/** Measures, asks, and says. Each figure that cannot be read is unknown; only a database that cannot be opened at all throws. */
export async function readAdvice({ store, source, readChecklist }: AdviceSource): Promise<Advice> {
  const [overview, needs, history] = await Promise.all([readOverview(source), readNeeds(store), readHistory(store, 'quarter')])
  const now = store.clock.now()
  // What was sampled on the other engine tells nothing of this one.
  const points = history.points.filter(({ engine }) => engine === source.engine)
  const sizes = points.flatMap(({ at, figures }) => (figures.sizeBytes === null ? [] : [{ at: Date.parse(at), value: figures.sizeBytes }]))
  const first = points[0]
  const measures: Measures = {
    engine: source.engine,
    users: overview.users,
    sizeBytes: overview.sizeBytes,
    writesPerSecond: meanOf(points.map(({ figures }) => figures.writesPerSecond)),
    writesPeak: largestOf(points.map(({ figures }) => figures.writesPeak)),
    busyShare: meanOf(points.map(({ figures }) => figures.busyShare)),
    userGrowth: overview.users === null ? null : await readUserGrowth(source, now).catch(() => null),
    sizeGrowth: trendOf(sizes),
  }
  const { users, sizeBytes, writesPerSecond, writesPeak, busyShare } = measures
  const sampledDays = first ? (now.getTime() - Date.parse(first.at)) / dayMs : 0
  return {
    ...advise(measures, needs),
    engine: source.engine,
    measuredAt: now.toISOString(),
    needs,
    figures: { users, sizeBytes, writesPerSecond, writesPeak, busyShare, sampledDays: Math.max(0, sampledDays) },
    checklist: source.engine === 'sqlite' ? [...(await readChecklist())] : [],
  }
}

export async function readNeeds(store: ControlStore): Promise<Needs | null> {
  const row = await store.read.setting.findUnique({ where: { key: needsKey } })
  return row ? needsSchema.parse(JSON.parse(row.value)) : null
}

export async function saveNeeds(store: ControlStore, needs: Needs, actor: string): Promise<void> {
  const updatedAt = store.clock.now()
  const data = { value: JSON.stringify(needs), updatedAt }
  await store.write(async (transaction) => {
    await transaction.setting.upsert({ where: { key: needsKey }, create: { key: needsKey, ...data }, update: data })
    await appendAudit(transaction, updatedAt, {
      actor,
      action: 'advisor.needs',
      subject: needs.availability,
      detail: { machines: needs.machines },
    })
  })
}

/** How many there were at the end of each of the last weeks, by when they came; whoever left since is not in it. */
async function readUserGrowth(source: OverviewSource, now: Date): Promise<Growth | null> {
  const weeks = Array.from({ length: countedWeeks + 1 }, (_, week) => now.getTime() - (countedWeeks - week) * 7 * dayMs)
  const counts = source.engine === 'sqlite' ? countOnSqlite(source.path, weeks) : await countOnPostgres(source.url, weeks)
  const points = weeks.map((at, place) => ({ at, value: counts[place] ?? 0 }))
  // Before the first of them there was nothing to grow.
  const begun = points.findIndex(({ value }) => value > 0)
  return begun === -1 ? null : trendOf(points.slice(begun))
}

/** Dates stand there as ISO text or as milliseconds, sometimes both in one column. */
function countOnSqlite(path: string, moments: readonly number[]): readonly number[] {
  const db = openSqlite(path, { readonly: true, busyTimeoutMs: 500 })
  try {
    const count = db
      .prepare<[number], number>(
        `SELECT count(*) FROM "User" WHERE CASE typeof("createdAt") WHEN 'text' THEN unixepoch("createdAt") * 1000 ELSE "createdAt" END <= ?`,
      )
      .pluck()
    return moments.map((moment) => z.number().parse(count.get(moment)))
  } finally {
    db.close()
  }
}

function countOnPostgres(url: string, moments: readonly number[]): Promise<readonly number[]> {
  return withPostgres(url, { applicationName: 'bascule advisor' }, async (client) => {
    await client.query(`SET statement_timeout = '5s'`)
    const { rows } = await client.query(
      `SELECT (SELECT count(*) FROM ${qualifiedName(schemaOf(url), 'User')} WHERE "createdAt" <= to_timestamp(moment / 1000.0) AT TIME ZONE 'UTC')::int AS count
         FROM unnest($1::float8[]) WITH ORDINALITY AS m(moment, place) ORDER BY place`,
      [moments],
    )
    return z
      .array(z.object({ count: z.number() }))
      .parse(rows)
      .map(({ count }) => count)
  })
}

function meanOf(values: readonly (number | null)[]): number | null {
  const known = values.filter((value) => value !== null)
  return known.length === 0 ? null : known.reduce((sum, value) => sum + value, 0) / known.length
}

function largestOf(values: readonly (number | null)[]): number | null {
  const known = values.filter((value) => value !== null)
  return known.length === 0 ? null : Math.max(...known)
}
