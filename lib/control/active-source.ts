import { AppError } from '@/lib/core/errors'
import type { ActiveState, SealedTarget } from './active-state'

/** The database that the app uses, as those who look at it from outside open it. */
export type ActiveSource = { readonly engine: 'sqlite'; readonly path: string } | { readonly engine: 'postgresql'; readonly url: string }

/** Where the active database is. @throws AppError SOURCE_MISSING, KEY_INVALID */
export function activeSource(state: ActiveState, sqlitePath: string | null, openTarget: (target: SealedTarget) => string): ActiveSource {
  if (state.status === 'on-postgresql') return { engine: 'postgresql', url: openTarget(state.target) }
  if (sqlitePath !== null) return { engine: 'sqlite', path: sqlitePath }
  throw new AppError({
    code: 'SOURCE_MISSING',
    message: 'DATABASE_URL does not name a SQLite file.',
    hint: 'Set it to the app’s SQLite file.',
  })
}
