import { z } from 'zod'
import { AppError } from '@/lib/core/errors'
import { type BackupView, isReachable } from './backup-view'
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
  /** Engine of the archive and of the app now: where they differ, the migration engine carries the rows over. */
  archiveEngine: z.enum(['sqlite', 'postgresql']),
  archiveEngineVersion: z.string(),
  presentEngine: z.enum(['sqlite', 'postgresql']),
  /** What of it can be restored here; never empty. */
  parts: z.array(z.enum(restoreParts)),
  /** Rows in the archive and now; null where there is no such table. */
  tables: z.array(z.object({ table: z.string(), archiveRows: z.number().nullable(), presentRows: z.number().nullable() })),
  /** Schema migrations that the archive has not had and gets on the way. */
  schemaMigrationsDue: z.array(z.string()),
  /** A schema migration of the archive that this version of the app does not know: the archive is of a newer one. Then it cannot be restored. */
  unknownMigration: z.string().nullable(),
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

/** What a restore would change. @throws AppError STATE_CONFLICT: there is no archive, or it is not trusted */
export function planRestore({ backup, engine, present, knownMigrations, keyFingerprint }: PreviewInput): RestorePreview {
  const manifest = requireManifest(backup)
  const known = new Set(knownMigrations)
  const fileKeyMatches = manifest.files.keyFingerprint === keyFingerprint
  const parts = restoreParts.filter((part) => part === 'database' || fileKeyMatches)
  const had = new Set(manifest.database.schemaMigrations)
  return {
    backupId: backup.id,
    createdAt: backup.createdAt,
    appVersion: manifest.app.version,
    archiveEngine: manifest.database.engine,
    archiveEngineVersion: manifest.database.version,
    presentEngine: engine,
    tables: pairTables(manifest.database.tables, present),
    schemaMigrationsDue: knownMigrations.filter((name) => !had.has(name)),
    unknownMigration: manifest.database.schemaMigrations.find((name) => !known.has(name)) ?? null,
    filesInArchive: manifest.files.count,
    fileKeyMatches,
    parts,
    keyKnown: backup.keyKnown,
    tested: backup.trial?.status === 'passed',
  }
}

/** @throws AppError STATE_CONFLICT for a backup of a newer app */
export function requireKnownSchema({ unknownMigration, appVersion }: RestorePreview): void {
  if (unknownMigration === null) return
  throw conflict(
    `The backup is of a newer version of the app (${appVersion}): this one does not know its schema migration ${unknownMigration}.`,
    'Install that version of the app or a later one, then restore.',
  )
}

/** An archive from elsewhere is put to no use before an administrator has said so: a dump runs commands. @throws AppError STATE_CONFLICT */
export function requireTrusted({ id, foreign }: Pick<BackupView, 'id' | 'foreign'>, operation: string): void {
  if (!foreign) return
  throw new AppError({
    code: 'STATE_CONFLICT',
    operation,
    subject: id,
    message: 'This archive came from elsewhere and is not trusted yet.',
    hint: 'Look at where it comes from, then trust it on its page.',
  })
}

function requireManifest(backup: BackupView): ManifestSummary {
  requireTrusted(backup, 'restore a backup')
  if (backup.manifest && isReachable(backup)) return backup.manifest
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

function conflict(message: string, hint: string): AppError {
  return new AppError({ code: 'STATE_CONFLICT', operation: 'restore a backup', message, hint })
}
