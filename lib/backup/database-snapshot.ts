import type { CvRow } from '@/lib/cv/check-cv-file'
import type { DatabaseFormat, ManifestSummary } from './manifest'

/** The database that is backed up. */
export type BackupSource = { readonly engine: 'sqlite'; readonly path: string } | { readonly engine: 'postgresql'; readonly url: string }

/** The database of one moment, in files of a work folder. */
export interface DatabaseSnapshot {
  /** What the manifest says of it. */
  readonly database: ManifestSummary['database']
  /** Names of members and the files that hold them. */
  readonly members: readonly { readonly name: string; readonly path: string }[]
  /** The files that its rows name, in the same moment. */
  readonly fileRows: readonly CvRow[]
}

/** How the rows are found that name files. Both statements are the host app's own (lib/cv/cv-rows). */
export interface FileRowQueries {
  readonly table: string
  /** Columns `storagePath`, `sizeBytes`, `sha256`. */
  readonly all: string
}

/** What a backup of PostgreSQL is written with. auto: pg_dump's custom format when there is a fitting pg_dump, otherwise portable. */
export type PostgresFormat = 'auto' | Exclude<DatabaseFormat, 'sqlite'>
