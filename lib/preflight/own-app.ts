import { join } from 'node:path'
import type { Report } from '@/lib/core/progress'
import { findPgDump } from '@/lib/postgres/find-pg-dump'
import type { ServerFacts } from '@/lib/postgres/server-facts'
import { createProgress } from '@/lib/verification/progress-report'
import { judged, type Question } from './ask'
import type { MeasuredRun } from './estimate'
import { askDisks, chmodDatabase, chmodFiles, chmodFolder, judgeModes, readModes, readOddModes } from './file-checks'
import { judgeHostFiles } from './host-file-checks'
import type { HostFiles, HostFilesCheck } from './host-files'
import {
  askEnvironments,
  askUnchanged,
  type ComparedFingerprints,
  fingerprintsOf,
  judgeCvKey,
  judgeSessionSecret,
  type KeyRecord,
  type RawSecrets,
} from './secret-checks'
import { judgeClock, judgeNode, judgePgDump, judgeState } from './server-checks'
import { thresholds } from './thresholds'

/** The host app, as far as the preflight looks at it. */
export interface OwnApp {
  /** Its folder, absolute. */
  readonly root: string
  /** Folder of the SQLite schema migrations. */
  readonly histories: { readonly sqlite: string }
  /** Folder of its own encrypted files, whether or not they can be opened; null for an app without any. */
  readonly hostFolder: string | null
  /** Null when there is no key to open them with. */
  readonly hostFiles: HostFiles | null
  readonly secrets: RawSecrets
  readonly readKeyRecords: () => Promise<readonly KeyRecord[]>
  readonly readCompared: () => Promise<ComparedFingerprints | null>
  readonly readState: () => Promise<{ readonly status: string; readonly busy: string | null }>
  readonly readMeasuredRun: () => Promise<MeasuredRun | null>
}

export interface FileSubject {
  readonly sourcePath: string
  readonly workDir: string
  readonly own: OwnApp | null
  /** Null when the file could not be opened. */
  readonly databaseBytes: number | null
}

/** As Next reads them. */
const envFileNames = ['.env', '.env.local', '.env.production', '.env.production.local', '.env.development', '.env.development.local']

const { timeouts } = thresholds

/** Modes, disks and the host's own files. Of an app that we do not know, only what concerns the database file itself. */
export function fileQuestions({ sourcePath, workDir, own, databaseBytes }: FileSubject, report: Report): readonly Question[] {
  const uid = process.getuid?.() ?? null
  let filesBytes = 0
  const databaseMode: Question = {
    codes: ['files-database-mode'],
    timeoutMs: timeouts.quickMs,
    ask: async () => {
      const modes = await readModes(['', '-wal', '-shm'].map((end) => `${sourcePath}${end}`))
      if (modes.length === 0) throw new Error('The file could not be found.')
      return [judgeModes('files-database-mode', modes, uid, sourcePath, chmodDatabase(sourcePath))]
    },
  }
  const disks: Question = {
    codes: ['files-safety-disk', 'files-backup-disk'],
    timeoutMs: timeouts.quickMs,
    ask: () => {
      if (databaseBytes === null) throw new Error('The size of the database is not known.')
      return askDisks({ workDir, databaseBytes, filesBytes })
    },
  }
  if (own === null) return [databaseMode, disks]
  const hostFolder = own.hostFolder
  const envMode: Question = {
    codes: ['files-env-mode'],
    timeoutMs: timeouts.quickMs,
    ask: async () => {
      const modes = await readModes(envFileNames.map((name) => join(own.root, name)))
      if (modes.length === 0) return [judged('files-env-mode', 'none', { where: own.root })]
      return [judgeModes('files-env-mode', modes, uid, own.root, chmodFiles(modes.map(({ path }) => path)))]
    },
  }
  if (hostFolder === null) return [databaseMode, envMode, disks]
  const hostMode: Question = {
    codes: ['files-cv-mode'],
    timeoutMs: timeouts.wholeMs,
    ask: async (signal) => {
      const { odd } = await readOddModes(hostFolder, uid, signal)
      return [judgeModes('files-cv-mode', odd, uid, hostFolder, chmodFolder(hostFolder))]
    },
  }
  const hostFiles: Question = {
    codes: ['files-cv-complete', 'files-cv-open'],
    timeoutMs: timeouts.wholeMs,
    ask: async (signal) => {
      if (own.hostFiles === null) throw new Error('Without a valid CV_ENCRYPTION_KEY no CV can be opened.')
      const result = await withProgress(own.hostFiles, sourcePath, report, signal)
      filesBytes = result.bytes
      return judgeHostFiles(result, hostFolder)
    },
  }
  return [databaseMode, envMode, hostMode, hostFiles, disks]
}

async function withProgress(files: HostFiles, sourcePath: string, report: Report, signal: AbortSignal): Promise<HostFilesCheck> {
  const progress = createProgress('files', report)
  let seen = { rows: 0, bytes: 0 }
  const result = await files.check(
    sourcePath,
    ({ rows, bytes, rowsTotal }) => {
      if (seen.rows === 0) {
        progress.plan([{ table: 'cv_data', rowsTotal }])
        progress.start('cv_data')
      }
      progress.advance('cv_data', rows, bytes - seen.bytes)
      seen = { rows, bytes }
    },
    signal,
  )
  progress.finishTable('cv_data', result.rows, Object.keys(result.faults).length > 0 ? 'failed' : 'done')
  progress.finish()
  return result
}

/** Keys: present, strong, and the same as ever and elsewhere. */
export function ownQuestions({ secrets, readKeyRecords, readCompared }: OwnApp): readonly Question[] {
  const facts = { secrets, fingerprints: fingerprintsOf(secrets), records: readKeyRecords, compared: readCompared }
  const timeoutMs = timeouts.quickMs
  return [
    { codes: ['secrets-cv-key'], timeoutMs, ask: async () => [judgeCvKey(secrets.CV_ENCRYPTION_KEY)] },
    { codes: ['secrets-session-secret'], timeoutMs, ask: async () => [judgeSessionSecret(secrets.NEXTAUTH_SECRET)] },
    { codes: ['secrets-unchanged'], timeoutMs, ask: async () => [await askUnchanged(facts)] },
    { codes: ['secrets-environments'], timeoutMs, ask: async () => [await askEnvironments(facts)] },
  ]
}

/** This machine, and how it goes with the server. */
export function serverQuestions(own: OwnApp | null, facts: ServerFacts | null): readonly Question[] {
  const timeoutMs = timeouts.quickMs
  const reached = (): ServerFacts => {
    if (facts) return facts
    throw new Error('Not checked: the PostgreSQL server was not reached.')
  }
  return [
    { codes: ['server-clock'], timeoutMs, ask: async () => [judgeClock(reached())] },
    { codes: ['server-pg-dump'], timeoutMs, ask: async () => [judgePgDump(await findPgDump(), reached())] },
    { codes: ['server-node'], timeoutMs, ask: async () => [judgeNode(process.versions.node)] },
    ...(own === null ? [] : [{ codes: ['server-state'] as const, timeoutMs, ask: async () => [judgeState(await own.readState())] }]),
  ]
}
