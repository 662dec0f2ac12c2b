import type { ActiveState } from '@/lib/control/active-state'
import type { ControlStore } from '@/lib/control/control-store'
import type { TargetUrl } from '@/lib/postgres/target-url'
import type { RawSecrets } from '@/lib/preflight/secret-checks'

/** What the host's files came to, in as few words as a diagnosis needs. */
export interface FilesOutcome {
  readonly rows: number
  /** By kind: `other-key`, `missing`, `extra`; every other kind is damage. */
  readonly faults: Readonly<Partial<Record<string, { readonly count: number; readonly names: readonly string[] }>>>
}

/** Where the tests look. Read-only, all of it. */
export interface Subject {
  /** The app's folder, absolute. */
  readonly root: string
  readonly state: ActiveState
  /** Null when DATABASE_URL names PostgreSQL. */
  readonly sqlitePath: string | null
  /** The PostgreSQL database to ask; null while none is known. A refused or unreadable URL is an error that says so. */
  readonly target: { readonly url: TargetUrl; readonly label: string } | { readonly error: unknown } | null
  /** Whether questions about tables go to `target` and not to the SQLite file. */
  readonly asksPostgres: boolean
  readonly store: ControlStore
  readonly dataDir: string
  readonly secrets: RawSecrets
  /** Opens the CVs of the active database; rejects when the time is up. */
  readonly checkFiles: (signal: AbortSignal) => Promise<FilesOutcome>
  /** Whether whoever asks gave their password within the last ten minutes. */
  readonly isRecent: boolean
  /** How long one test may take, in milliseconds. Default: 20,000. */
  readonly timeoutMs?: number
}
