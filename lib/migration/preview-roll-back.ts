import { AppError } from '@/lib/core/errors'
import { countChanges, type TableChanges } from '@/lib/postgres/change-log'
import { withPostgres } from '@/lib/postgres/connect'
import { readMark } from '@/lib/postgres/copy-mark'

// Apart from `roll-back.ts`, whose proof runs in threads that are bundled when they start: the web asks for the preview,
// and must not take a bundler along.

export interface RollbackPreview {
  /** Rows that are new, changed or gone on PostgreSQL and wait to be carried to SQLite. */
  readonly total: number
  /** Tables with such rows. */
  readonly tables: readonly TableChanges[]
  /** How long carrying them would take, while the app goes on. Writes wait for less than a second of it, at the end. */
  readonly estimatedMs: number
}

/** Rows a second that are carried, read again and compared: less than was measured on a busy machine of two cores. */
const carriedPerSecond = 4_000

/** What waits to be carried back to SQLite, counted now. @throws AppError STATE_CONFLICT, TARGET_* */
export async function previewRollback({ targetUrl }: { readonly targetUrl: string }): Promise<RollbackPreview> {
  return withPostgres(targetUrl, { applicationName: 'bascule preview' }, async (client) => {
    const mark = await readMark(client)
    if (mark?.state !== 'switched') throw notSwitched()
    const tables = (await countChanges(client)).filter(({ inserted, updated, deleted }) => inserted + updated + deleted > 0)
    const total = tables.reduce((sum, { inserted, updated, deleted }) => sum + inserted + updated + deleted, 0)
    return { total, tables, estimatedMs: Math.round(500 + (total * 1000) / carriedPerSecond) }
  })
}

export function notSwitched(): AppError {
  return new AppError({
    code: 'STATE_CONFLICT',
    operation: 'switch back to SQLite',
    message: 'The app was not switched to this PostgreSQL database by a migration.',
    hint: 'Reload the page to see where the app is now.',
  })
}
