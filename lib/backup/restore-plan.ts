import { z } from 'zod'
import { AppError } from '@/lib/core/errors'
import type { BackupView } from './backup-view'
import type { ManifestSummary, TableCount } from './manifest'

/** What is restored: all of it, only the rows, or only files that are missing or damaged. A contract file. */
export const restoreParts = ['all', 'database', 'files'] as const
export type RestoreParts = (typeof restoreParts)[number]

/** The phases of a restore, in order. */
export const restorePhases = ['staging', 'waiting', 'safety', 'switching'] as const

export const restorePreviewSchema = z.object({
  backupId: z.string(),
  createdAt: z.iso.datetime(),
  appVersion: z.string(),
  /** Rows in the archive and now; null where there is no such table. */
  tables: z.array(z.object({ table: z.string(), archiveRows: z.number().nullable(), presentRows: z.number().nullable() })),
  /** Schema migrations that the archive has not had and gets on the way. */
  schemaMigrationsDue: z.array(z.string()),
  filesInArchive: z.number(),
  /** Whether CV_ENCRYPTION_KEY is the one that the archive's files were encrypted with. */
  fileKeyMatches: z.boolean(),
  keyKnown: z.boolean(),
  tested: z.boolean(),
})
export type RestorePreview = z.infer<typeof restorePreviewSchema>

export interface PreviewInput {
  readonly backup: BackupView
  readonly engine: 'sqlite' | 'postgresql'
  readonly present: readonly TableCount[]
  /** Schema migrations that this version of the app knows, oldest first. */
  readonly knownMigrations: readonly string[]
  readonly keyFingerprint: string
}

/**
 * What a restore would change, or why there can be none.
 *
 * @throws AppError STATE_CONFLICT: there is no archive, it is of another engine, or of a newer app
 */
export function planRestore({ backup, engine, present, knownMigrations, keyFingerprint }: PreviewInput): RestorePreview {
  const manifest = requireManifest(backup)
  if (manifest.database.engine !== 'sqlite' || engine !== 'sqlite') throw otherEngine(manifest.database.engine, engine)
  const known = new Set(knownMigrations)
  const unknown = manifest.database.schemaMigrations.filter((name) => !known.has(name))
  if (unknown.length > 0) {
    throw conflict(
      `The backup is of a newer version of the app (${manifest.app.version}): this one does not know its schema migration ${unknown[0]}.`,
      'Install that version of the app or a later one, then restore.',
    )
  }
  const had = new Set(manifest.database.schemaMigrations)
  return {
    backupId: backup.id,
    createdAt: backup.createdAt,
    appVersion: manifest.app.version,
    tables: pairTables(manifest.database.tables, present),
    schemaMigrationsDue: knownMigrations.filter((name) => !had.has(name)),
    filesInArchive: manifest.files.count,
    fileKeyMatches: manifest.files.keyFingerprint === keyFingerprint,
    keyKnown: backup.keyKnown,
    tested: backup.trial?.status === 'passed',
  }
}

function requireManifest(backup: BackupView): ManifestSummary {
  if (backup.manifest && backup.present) return backup.manifest
  throw conflict('There is no archive of this backup to restore.', 'Choose another backup.')
}

function pairTables(archive: readonly TableCount[], present: readonly TableCount[]): RestorePreview['tables'] {
  const before = new Map(archive.map(({ table, rows }) => [table, rows]))
  const now = new Map(present.map(({ table, rows }) => [table, rows]))
  return [...new Set([...before.keys(), ...now.keys()])].sort().map((table) => ({
    table,
    archiveRows: before.get(table) ?? null,
    presentRows: now.get(table) ?? null,
  }))
}

function otherEngine(archive: string, present: string): AppError {
  const names: Record<string, string> = { sqlite: 'SQLite', postgresql: 'PostgreSQL' }
  if (archive === 'postgresql' && present === 'postgresql') {
    return conflict(
      'A PostgreSQL backup is not restored over the live database from here.',
      'Restore it into a new database with the commands of docs/recovery.md, then point the app there.',
    )
  }
  return conflict(
    `The backup is of ${names[archive]}, and the app runs on ${names[present]} now.`,
    archive === 'sqlite'
      ? 'Switch back to SQLite first, restore, then migrate again; or follow docs/recovery.md.'
      : 'Restore it into a new PostgreSQL database with the commands of docs/recovery.md.',
  )
}

function conflict(message: string, hint: string): AppError {
  return new AppError({ code: 'STATE_CONFLICT', operation: 'restore a backup', message, hint })
}
