import { isWritable } from '@/lib/control/active-state'
import { AppError } from '@/lib/core/errors'
import { ensureSchema } from '@/lib/database/ensure-schema'
import { withPostgres } from '@/lib/postgres/connect'
import type { Entry } from './catalogue'
import { diagnose } from './diagnose'
import type { Diagnosis, Mend } from './diagnosis'
import type { Subject } from './subject'

export interface Mending {
  readonly subject: Subject
  readonly entry: Entry
  readonly mend: Mend
  /** The URL of the active PostgreSQL database; null while the app runs on SQLite. */
  readonly postgresUrl: string | null
}

/**
 * Mends what a test finds, on the active database alone: the test is made again, and only what it finds now is done. The
 * statements are those that the finding showed; none comes from the browser. Then the test is made once more.
 *
 * @returns what the test says afterwards
 * @throws AppError STATE_CONFLICT when the trouble is gone or the app may not write; errors of the database
 */
export async function mendEntry({ subject, entry, mend, postgresUrl }: Mending, signal: AbortSignal): Promise<Diagnosis> {
  if (!isWritable(subject.state)) throw conflict('The app is read-only while its database is being moved.')
  const found = await diagnose(entry, subject, signal)
  if (found.mend !== mend) throw conflict('What the test finds now is something else.')
  if (mend === 'apply-schema') await applySchema(subject, postgresUrl)
  else if (postgresUrl !== null) await runStatements(postgresUrl, found.remedy ?? '', signal)
  return diagnose(entry, subject, signal)
}

async function applySchema({ root, sqlitePath }: Subject, postgresUrl: string | null): Promise<void> {
  if (postgresUrl !== null) await ensureSchema({ engine: 'postgresql', url: postgresUrl }, root)
  else if (sqlitePath !== null) await ensureSchema({ engine: 'sqlite', path: sqlitePath }, root)
}

/** One by one: CREATE INDEX CONCURRENTLY takes no part in a transaction. Each statement stands on lines of its own. */
async function runStatements(url: string, sql: string, signal: AbortSignal): Promise<void> {
  await withPostgres(url, { applicationName: 'bascule troubleshooting', signal }, async (client) => {
    // Nobody's writes wait for long behind a lock that we cannot get.
    await client.query(`SET lock_timeout = '10s'`)
    for (const statement of sql.split(/;\n|;$/).filter((part) => part.trim() !== '')) await client.query(statement)
  })
}

function conflict(message: string): AppError {
  return new AppError({ code: 'STATE_CONFLICT', operation: 'mend', message, hint: 'Make the test again and look at what it finds.' })
}
