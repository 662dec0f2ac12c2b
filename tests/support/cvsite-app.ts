import { readdir } from 'node:fs/promises'
import { join } from 'node:path'
import type { ActiveState } from '@/lib/control/active-state'
import { createCvStore } from '@/lib/cv/cv-store'
import type { CvDependencies } from '@/lib/cvsite/cvs'
import { createAppDatabase } from '@/lib/database/app-database'
import { createPostgresDatabase } from './postgres-databases'
import { createCvsiteDatabase } from './sqlite-databases'

export interface TestApp extends CvDependencies, AsyncDisposable {
  /** What the app is told when it asks for the state; starts on the SQLite file, or on PostgreSQL when it has a server. */
  state: ActiveState
  readonly sqlitePath: string
  /** The state in which the app runs on the PostgreSQL database; throws without a server. */
  readonly onPostgres: ActiveState
  readonly cvFolder: string
  /** Names of all files below the CV folder. */
  cvFileNames(): Promise<readonly string[]>
}

export const testCvKey = Buffer.alloc(32, 7)

/**
 * The host app's dependencies on databases of their own: always a SQLite file, and with `server` a PostgreSQL
 * database too, both with the schema and no rows. `start` says on which it begins.
 */
export async function createTestApp(options: {
  readonly server?: { readonly url: string }
  readonly start: 'sqlite' | 'postgresql'
  /** How long a write waits for the end of a switch. Default: as the app does. */
  readonly freezePatienceMs?: number
}): Promise<TestApp> {
  const sqlite = await createCvsiteDatabase()
  const postgres = options.server && (await createPostgresDatabase(options.server, { schema: 'cvsite' }))
  const cvFolder = join(sqlite.folder, 'cv_data')
  const onPostgres = (): ActiveState => {
    if (!postgres) throw new Error('This test app has no PostgreSQL database.')
    return {
      status: 'on-postgresql',
      jobId: null,
      target: { sealedUrl: postgres.url, label: postgres.name },
      since: new Date().toISOString(),
    }
  }
  const database = createAppDatabase({
    readState: async () => app.state,
    sqlitePath: sqlite.path,
    openTarget: (target) => target.sealedUrl,
    ...(options.freezePatienceMs === undefined ? {} : { freezePatienceMs: options.freezePatienceMs }),
  })
  const app: TestApp = {
    database,
    store: createCvStore({ folder: cvFolder, key: testCvKey }),
    state: options.start === 'sqlite' ? { status: 'on-sqlite' } : onPostgres(),
    sqlitePath: sqlite.path,
    get onPostgres() {
      return onPostgres()
    },
    cvFolder,
    cvFileNames: async () => {
      const entries = await readdir(cvFolder, { recursive: true, withFileTypes: true }).catch(() => [])
      return entries.filter((entry) => entry.isFile()).map((entry) => entry.name)
    },
    [Symbol.asyncDispose]: async () => {
      await database.close()
      await postgres?.drop()
      await sqlite.remove()
    },
  }
  return app
}
