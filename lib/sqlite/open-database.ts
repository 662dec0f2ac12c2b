import { statSync } from 'node:fs'
import Database from 'better-sqlite3'
import { AppError, type ErrorCode } from '@/lib/core/errors'

export type SqliteDatabase = Database.Database

export interface OpenOptions {
  /** Default: false. */
  readonly readonly?: boolean
  /** How long a statement waits for another process's lock. Default: 5,000. */
  readonly busyTimeoutMs?: number
}

/**
 * Opens an existing SQLite file and reads its schema once, so that a wrong file fails here and not later.
 * The file is never created. A file of zero bytes is an empty database, as SQLite itself sees it.
 *
 * @throws AppError SOURCE_MISSING, SOURCE_NOT_A_DATABASE (also encrypted ones), SOURCE_UNREADABLE, SOURCE_BUSY, SOURCE_DAMAGED
 */
export function openSqlite(path: string, options: OpenOptions = {}): SqliteDatabase {
  checkFile(path)
  try {
    return open(path, options)
  } catch (error) {
    if (!options.readonly || !isInterruptedWrite(error)) throw toSqliteError(error, path)
  }
  // A writer died in the middle of a transaction: whoever may write takes its half of it back, as the app would by opening it.
  openSqlite(path, { ...options, readonly: false }).close()
  return openSqlite(path, options)
}

function open(path: string, options: OpenOptions): SqliteDatabase {
  const db = new Database(path, { readonly: options.readonly ?? false, fileMustExist: true, timeout: options.busyTimeoutMs ?? 5_000 })
  try {
    db.prepare('SELECT count(*) FROM sqlite_master').get()
    return db
  } catch (error) {
    db.close()
    throw error
  }
}

/** https://www.sqlite.org/rescode.html#readonly_rollback */
function isInterruptedWrite(error: unknown): boolean {
  return error instanceof Error && 'code' in error && error.code === 'SQLITE_READONLY_ROLLBACK'
}

/** What a failure of SQLite means for people. An AppError is handed on as it is. */
export function toSqliteError(error: unknown, path: string): AppError {
  if (error instanceof AppError) return error
  const sqliteCode = error instanceof Error && 'code' in error ? String(error.code) : ''
  const known = meanings.find(([prefix]) => sqliteCode.startsWith(prefix))
  const message = error instanceof Error ? error.message : String(error)
  const [, code, sentence, hint] = known ?? ['', 'SOURCE_UNREADABLE' as const, `SQLite refused to read the file (${message}).`, readHint]
  return new AppError({
    code,
    operation: 'read the SQLite file',
    subject: path,
    message: sentence,
    hint,
    retryable: code === 'SOURCE_BUSY',
    cause: error,
  })
}

const readHint = 'Check that the file and its folder can be read by the user that runs this process.'

const meanings: readonly (readonly [prefix: string, code: ErrorCode, message: string, hint: string])[] = [
  [
    'SQLITE_NOTADB',
    'SOURCE_NOT_A_DATABASE',
    'The file is not an SQLite database, or it is encrypted.',
    'Give the path of the SQLite file itself; decrypt it first if it was made with SQLCipher or a similar tool.',
  ],
  [
    'SQLITE_BUSY',
    'SOURCE_BUSY',
    'Another process keeps the SQLite file locked.',
    'Wait until the other process has ended its transaction, or stop it, then try again.',
  ],
  ['SQLITE_LOCKED', 'SOURCE_BUSY', 'Another connection keeps the SQLite file locked.', 'Try again in a moment.'],
  [
    'SQLITE_CORRUPT',
    'SOURCE_DAMAGED',
    'The SQLite file is damaged.',
    'Restore the last good copy, or save what can be read with: sqlite3 FILE ".recover".',
  ],
  [
    'SQLITE_FULL',
    'LOCAL_DISK_FULL',
    'The disk that holds the SQLite file or its safety copy is full.',
    'Free space on that disk, then start again.',
  ],
  [
    'SQLITE_IOERR',
    'SOURCE_UNREADABLE',
    'The disk gave an error while the SQLite file was read or written.',
    'Check the free space and the health of the disk, then try again.',
  ],
  [
    'SQLITE_CANTOPEN',
    'SOURCE_UNREADABLE',
    'SQLite could not open the file.',
    `${readHint} In WAL mode the folder has to be writable too: else copy the file, with the -wal file beside it, to one that is.`,
  ],
  [
    'SQLITE_TOOBIG',
    'SOURCE_UNREADABLE',
    'A value or a row of the file is larger than 512 MiB, the most that can be read in one piece.',
    'Find it with the sqlite3 shell (SELECT rowid FROM each table WHERE octet_length(column) > 536870000), and split it or keep it as a file.',
  ],
  ['SQLITE_PERM', 'SOURCE_UNREADABLE', 'SQLite may not open the file.', readHint],
  [
    'SQLITE_READONLY_ROLLBACK',
    'SOURCE_UNREADABLE',
    'The last write to the SQLite file was cut off, and its half cannot be taken back here: the file or its folder is read-only.',
    'Give the process the right to write to both, or open the file once where it may be written, with the -journal file beside it.',
  ],
  ['SQLITE_READONLY', 'SOURCE_UNREADABLE', 'The SQLite file or its folder is read-only.', 'Give the process the right to write to both.'],
]

/**
 * SQLite's own answers to a missing file and a folder are alike: told apart here. The file itself is left to SQLite: to
 * open and close it here would drop the locks of the process's other connections to it (see `readApart`).
 */
function checkFile(path: string): void {
  const stats = statSync(path, { throwIfNoEntry: false })
  if (!stats) {
    throw new AppError({
      code: 'SOURCE_MISSING',
      operation: 'open the SQLite file',
      subject: path,
      message: 'There is no file at this path.',
      hint: 'Check the path; a relative DATABASE_URL is relative to the prisma folder.',
    })
  }
  if (!stats.isFile()) throw notADatabase(path, 'The path is not a file.')
}

function notADatabase(path: string, message: string): AppError {
  const hint = 'Give the path of the SQLite file itself; decrypt it first if it was made with SQLCipher or a similar tool.'
  return new AppError({ code: 'SOURCE_NOT_A_DATABASE', operation: 'open the SQLite file', subject: path, message, hint })
}
