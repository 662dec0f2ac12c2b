/** Files beside the database that its rows speak of. */
export interface HostFilesCheck {
  readonly rows: number
  readonly files: number
  /** Files that open and are what their row describes. */
  readonly sound: number
  readonly bytes: number
  /** By kind; `missing` (a row without its file), `extra` (a file without a row) and `other-key` are told apart, the rest is damage. */
  readonly faults: Readonly<Partial<Record<string, { readonly count: number; readonly names: readonly string[] }>>>
}

/**
 * The host app's own files, in as few words as the preflight needs: each app that keeps some writes this once, and an app
 * without any leaves it out.
 */
export interface HostFiles {
  /** Absolute. */
  readonly folder: string
  /** Opens every file that a row of this SQLite database names. @throws AppError SOURCE_*, CANCELLED */
  check(
    sourcePath: string,
    onProgress: (done: { readonly rows: number; readonly bytes: number; readonly rowsTotal: number }) => void,
    signal: AbortSignal,
  ): Promise<HostFilesCheck>
}
