import { PrismaBetterSqlite3 } from '@prisma/adapter-better-sqlite3'
import { PrismaPg } from '@prisma/adapter-pg'
import { PrismaClient as PostgresClient } from '@/lib/database/generated/postgresql/client'
import { PrismaClient as SqliteClient } from '@/lib/database/generated/sqlite/client'
import { timed } from './measure'

/** What people write by hand: findMany and createMany, 1,000 rows at a time, over the first `sample` rows of two tables. */
export async function runPlainScript(
  sourcePath: string,
  targetUrl: string,
  sample: number,
): Promise<{ readonly rows: number; readonly wallMs: number }> {
  const source = new SqliteClient({ adapter: new PrismaBetterSqlite3({ url: `file:${sourcePath}` }) })
  const target = new PostgresClient({ adapter: new PrismaPg(targetUrl) })
  const take = 1_000
  let rows = 0
  try {
    const { wallMs } = await timed(async () => {
      for (let skip = 0; skip < sample / 2; skip += take) {
        const users = await source.user.findMany({ skip, take, orderBy: { id: 'asc' } })
        rows += (await target.user.createMany({ data: users })).count
      }
      for (let skip = 0; skip < sample / 2; skip += take) {
        const events = await source.telemetryEvent.findMany({ skip, take, orderBy: { id: 'asc' } })
        // A Json null comes back as null, which createMany wants left out; users of later rows are not copied in a sample.
        const data = events.map(({ properties, ...event }) => ({ ...event, userId: null, ...(properties === null ? {} : { properties }) }))
        rows += (await target.telemetryEvent.createMany({ data })).count
      }
    })
    return { rows, wallMs }
  } finally {
    await source.$disconnect()
    await target.$disconnect()
  }
}
