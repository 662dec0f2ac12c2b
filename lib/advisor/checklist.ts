import { stat } from 'node:fs/promises'
import { join } from 'node:path'
import { listBackups } from '@/lib/backup/backup-catalogue'
import { couldRecover } from '@/lib/backup/could-recover'
import type { BackupSetup } from '@/lib/backup/make-backup'
import type { ControlStore } from '@/lib/control/control-store'
import { throwIfAborted } from '@/lib/core/abort'
import { askDisks, chmodDatabase, chmodFiles, chmodFolder, judgeModes, readModes, readOddModes } from '@/lib/preflight/file-checks'
import { openSqlite } from '@/lib/sqlite/open-database'
import type { ChecklistItem } from './advice'

export interface ChecklistSource {
  /** The app's folder, absolute. */
  readonly root: string
  readonly sqlitePath: string
  readonly cvFolder: string
  readonly dataDir: string
  /** DATABASE_URL as it stands in the environment. */
  readonly databaseUrl: string
  readonly store: ControlStore
  readonly backups: BackupSetup
}

/** One question may take so long; the folder of CVs may hold many files. */
const patienceMs = 10_000
const envFiles = ['.env', '.env.local', '.env.production', '.env.production.local']

/** What production on SQLite needs, asked of the files, the database and the catalogue of backups. Each fails alone. */
export async function readChecklist(source: ChecklistSource): Promise<readonly ChecklistItem[]> {
  const { root, sqlitePath, cvFolder, databaseUrl } = source
  const uid = process.getuid?.() ?? null
  const signal = AbortSignal.timeout(patienceMs)
  const ask = async (
    name: ChecklistItem['name'],
    where: string | null,
    question: () => Promise<Partial<ChecklistItem>>,
  ): Promise<ChecklistItem> => {
    const unknown: ChecklistItem = { name, status: 'unknown', where, remedy: null, page: null }
    return { ...unknown, ...(await question().catch(() => ({}))) }
  }
  return Promise.all([
    ask('database-mode', sqlitePath, async () => {
      const modes = await readModes(['', '-wal', '-shm'].map((end) => `${sqlitePath}${end}`))
      return pick(judgeModes('files-database-mode', modes, uid, sqlitePath, chmodDatabase(sqlitePath)))
    }),
    ask('cv-mode', cvFolder, async () => {
      const { odd } = await readOddModes(cvFolder, uid, signal)
      throwIfAborted(signal)
      return pick(judgeModes('files-cv-mode', odd, uid, cvFolder, chmodFolder(cvFolder)))
    }),
    ask('env-mode', root, async () => {
      const modes = await readModes(envFiles.map((name) => join(root, name)))
      if (modes.length === 0) return { status: 'passed' }
      return pick(judgeModes('files-env-mode', modes, uid, root, chmodFiles(modes.map(({ path }) => path))))
    }),
    // Relative means relative to prisma/: the guide's rule, so that a move of the folder takes the database along.
    ask('relative-url', databaseUrl.startsWith('file:') ? databaseUrl : null, async () =>
      /^file:\.{1,2}\//.test(databaseUrl) ? { status: 'passed' } : { status: 'warning', remedy: 'DATABASE_URL="file:./dev.db"' },
    ),
    ask('wal', sqlitePath, async () => {
      const mode = journalMode(sqlitePath)
      return mode === 'wal'
        ? { status: 'passed' }
        : { status: 'warning', remedy: `sqlite3 '${sqlitePath.replaceAll("'", `'\\''`)}' "PRAGMA journal_mode = WAL"` }
    }),
    ask('backups', null, async () => {
      const schedule = await source.store.read.schedule.findFirst({ where: { kind: 'backup', enabled: true } })
      return { status: schedule ? 'passed' : 'failed', where: schedule?.cron ?? null, page: '/admin/backups' }
    }),
    ask('restore-tested', null, async () => {
      const { state, backup } = couldRecover(await listBackups(source.backups), source.store.clock.now())
      const status = state === 'yes' || state === 'with-key' ? 'passed' : state === 'no' ? 'failed' : 'warning'
      return { status, where: backup?.fileName ?? null, page: '/admin/backups' }
    }),
    ask('disk', source.dataDir, async () => {
      const { size } = await stat(sqlitePath)
      const [, backup] = await askDisks({ workDir: source.dataDir, databaseBytes: size, filesBytes: 0 })
      return backup ? pick(backup) : {}
    }),
  ])
}

function pick({
  status,
  where,
  remedy,
}: {
  status: ChecklistItem['status']
  where: string | null
  remedy: string | null
}): Partial<ChecklistItem> {
  return { status, where, remedy: status === 'passed' ? null : remedy }
}

function journalMode(path: string): string {
  const db = openSqlite(path, { readonly: true, busyTimeoutMs: 500 })
  try {
    return String(db.pragma('journal_mode', { simple: true }))
  } finally {
    db.close()
  }
}
