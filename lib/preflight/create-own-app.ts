import { join } from 'node:path'
import { readActiveDatabase } from '@/lib/control/active-database'
import type { ControlStore } from '@/lib/control/control-store'
import { readCompared, readKeys } from '@/lib/control/key-guard'
import { databasesLease, readLease } from '@/lib/control/lease'
import { migrationResultSchema } from '@/lib/migration/migration-result'
import type { MeasuredRun } from './estimate'
import type { HostFiles } from './host-files'
import type { OwnApp } from './own-app'
import { keyNames } from './preflight-result'
import { fingerprintsOf, type RawSecrets } from './secret-checks'

export interface OwnAppInput {
  /** The app's folder, absolute. */
  readonly root: string
  readonly secrets: RawSecrets
  readonly hostFolder: string | null
  readonly hostFiles: HostFiles | null
  /** Null before the app was ever started: nothing is known yet, and asking must not make the file. */
  readonly store: ControlStore | null
}

/** The host app as the preflight sees it, with what the control store remembers. */
export function createOwnApp({ root, secrets, hostFolder, hostFiles, store }: OwnAppInput): OwnApp {
  return {
    root,
    histories: { sqlite: join(root, 'prisma', 'migrations') },
    hostFolder,
    hostFiles,
    secrets,
    readKeyRecords: async () => {
      const keys = store ? await readKeys(store, fingerprintsOf(secrets)) : []
      return keys.filter(({ status }) => status !== 'first').map(({ name, accepted }) => ({ name, accepted }))
    },
    readCompared: async () => {
      const compared = store && (await readCompared(store))
      if (!compared) return null
      const known = keyNames.flatMap((name) => {
        const fingerprint = compared.fingerprints[name]
        return fingerprint === undefined ? [] : [[name, fingerprint] as const]
      })
      return { at: compared.at, fingerprints: Object.fromEntries(known) }
    },
    readState: async () => {
      if (!store) return { status: 'on-sqlite', busy: null }
      const [{ state }, lease] = await Promise.all([readActiveDatabase(store), readLease(store, databasesLease)])
      return { status: state.status, busy: lease?.purpose ?? null }
    },
    readMeasuredRun: async () => (store ? readLastMigration(store) : null),
  }
}

/** The newest migration of ours that ended well, with its times. */
async function readLastMigration(store: ControlStore): Promise<MeasuredRun | null> {
  const row = await store.read.job.findFirst({ where: { kind: 'migrate', status: 'succeeded' }, orderBy: { createdAt: 'desc' } })
  const parsed = row?.result ? migrationResultSchema.safeParse(JSON.parse(row.result)) : null
  if (!row || !parsed?.success || parsed.data.source.sizeBytes === null) return null
  const { startedAt, phases, source } = parsed.data
  return { jobId: row.id, at: startedAt, sourceBytes: source.sizeBytes ?? 0, phases }
}
