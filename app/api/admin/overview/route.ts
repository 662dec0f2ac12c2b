import { adminRoute } from '@/app/_server/api-route'
import type { Container } from '@/app/_server/container'
import { readActiveDatabase } from '@/lib/control/active-database'
import { AppError } from '@/lib/core/errors'
import { type OverviewSource, readOverview } from '@/lib/monitoring/overview'

/** Size, version and rows of the active database, read now. */
export const GET = adminRoute({}, async ({ container }) => readOverview(await activeSource(container)))

async function activeSource({ control, sqlitePath, openTarget }: Container): Promise<OverviewSource> {
  const { state } = await readActiveDatabase(control)
  if (state.status === 'on-postgresql') return { engine: 'postgresql', url: openTarget(state.target) }
  if (sqlitePath !== null) return { engine: 'sqlite', path: sqlitePath }
  throw new AppError({
    code: 'SOURCE_MISSING',
    message: 'DATABASE_URL does not name a SQLite file.',
    hint: 'Set it to the app’s SQLite file.',
  })
}
