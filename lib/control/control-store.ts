import { chmod, mkdir } from 'node:fs/promises'
import { dirname, join } from 'node:path'
import { PrismaBetterSqlite3 } from '@prisma/adapter-better-sqlite3'
import Database from 'better-sqlite3'
import { type Clock, systemClock } from '@/lib/core/clock'
import { AppError } from '@/lib/core/errors'
import { applySchemaMigrations, listSchemaMigrations } from '@/lib/schema/schema-migrations'
import { type Prisma, PrismaClient } from './generated/client'
import { withOpeningLock } from './opening-lock'

/** What runs inside one transaction of the control store. */
export type ControlTransaction = Prisma.TransactionClient

/**
 * The control store, open. Two connections on purpose: Prisma's better-sqlite3 adapter sends every statement of
 * a client through one connection, so a statement outside an open interactive transaction would run inside it
 * (and be lost with its rollback), and a reader would see what is not committed yet.
 */
export interface ControlStore {
  /** For reading only; its connection is opened read-only and sees committed rows alone. */
  readonly read: PrismaClient
  /**
   * Runs `work` as one transaction; transactions of a process run one after another. Begin with a conditional
   * UPDATE or an INSERT, so that the row is locked before anything is read. Repeated, for at most 15 seconds, while
   * the database is busy: `work` must do nothing outside the transaction.
   */
  write<T>(work: (transaction: ControlTransaction) => Promise<T>): Promise<T>
  /**
   * Version and state of the active database (JSON), or null while none was recorded: one look at one row without a turn of the
   * event loop, since every web process asks twenty times a second.
   */
  readStateRow(): { readonly version: number; readonly state: string } | null
  readonly clock: Clock
  /** Absolute path of the file. */
  readonly path: string
  close(): Promise<void>
}

export interface OpenControlStoreOptions {
  /** Default: the system's clock. */
  readonly clock?: Clock
  /** Folder of the store's schema migrations. Default: prisma/control/migrations below the working directory. */
  readonly migrationsDir?: string
}

/**
 * How long SQLite itself waits for another writer. Short, because that wait stops the event loop: two stores of one
 * process would wait for each other for ever. The longer wait is `writeWithRetries`, between attempts.
 */
const busyTimeoutMs = 50
const giveUpMs = 15_000
/** In WAL mode a reader waits for nobody but, after a crash, for the recovery of the log. */
const readTimeoutMs = 2_000

/**
 * Opens the control store, making the file and its folder when absent (readable by their owner alone) and applying
 * its schema migrations. Web and worker may open it at the same moment.
 *
 * @throws AppError CONFIG_INVALID when the file cannot be opened or is not a database
 */
export async function openControlStore(path: string, options: OpenControlStoreOptions = {}): Promise<ControlStore> {
  const migrationsDir = options.migrationsDir ?? join(process.cwd(), 'prisma', 'control', 'migrations')
  try {
    await mkdir(dirname(path), { recursive: true, mode: 0o700 })
    if (!(await isUpToDate(path, migrationsDir))) await withOpeningLock(path, () => prepareFile(path, migrationsDir))
  } catch (error) {
    if (error instanceof AppError) throw error
    throw new AppError({
      code: 'CONFIG_INVALID',
      operation: 'open the control store',
      subject: path,
      message: `The control store cannot be opened: ${error instanceof Error ? error.message : String(error)}`,
      hint: 'Check that CONTROL_DATABASE_URL names a file that this process may write.',
      cause: error,
    })
  }
  const writer = new PrismaClient({ adapter: new PrismaBetterSqlite3({ url: `file:${path}`, timeout: busyTimeoutMs }) })
  const read = new PrismaClient({ adapter: new PrismaBetterSqlite3({ url: `file:${path}`, timeout: readTimeoutMs, readonly: true }) })
  // Opened when it is first asked: another opening, which still has schema migrations to apply, wants the file to itself.
  let file: Database.Database | undefined
  let stateRow: Database.Statement<[], { version: number; state: string }> | undefined
  return {
    read,
    readStateRow: () => {
      file ??= new Database(path, { readonly: true, timeout: readTimeoutMs })
      stateRow ??= file.prepare('SELECT version, state FROM ActiveDatabase WHERE id = 1')
      return stateRow.get() ?? null
    },
    write: (work) => writeWithRetries(writer, work),
    clock: options.clock ?? systemClock,
    path,
    close: async () => {
      file?.close()
      await read.$disconnect()
      await writer.$disconnect()
    },
  }
}

/** Whether an INSERT failed because its key is taken. */
export function isUniqueViolation(error: unknown): boolean {
  return errorCode(error) === 'P2002'
}

async function writeWithRetries<T>(writer: PrismaClient, work: (transaction: ControlTransaction) => Promise<T>): Promise<T> {
  const giveUpAt = Date.now() + giveUpMs
  for (;;) {
    try {
      // maxWait is the queue behind this process's other transactions; a burst of requests may make it long.
      return await writer.$transaction(work, { maxWait: giveUpMs, timeout: giveUpMs })
    } catch (error) {
      // P1008: the adapter's word for SQLITE_BUSY. P2034: a serialisation failure on other databases.
      const isBusy = errorCode(error) === 'P1008' || errorCode(error) === 'P2034'
      if (!isBusy || Date.now() > giveUpAt) throw error
      await new Promise((resolve) => setTimeout(resolve, 5 + Math.random() * 30))
    }
  }
}

function errorCode(error: unknown): string | undefined {
  return error instanceof Error && 'code' in error && typeof error.code === 'string' ? error.code : undefined
}

/** A look without locks and without the schema engine: most openings find nothing to do. */
async function isUpToDate(path: string, migrationsDir: string): Promise<boolean> {
  const wanted = await listSchemaMigrations(migrationsDir)
  try {
    const file = new Database(path, { readonly: true, fileMustExist: true, timeout: busyTimeoutMs })
    try {
      const rows = file.prepare('SELECT migration_name AS name FROM _prisma_migrations WHERE finished_at IS NOT NULL').all()
      const applied = new Set(rows.map((row) => (row as { name: string }).name))
      return wanted.every((name) => applied.has(name))
    } finally {
      file.close()
    }
  } catch {
    // Absent, empty or unreadable: the slow path creates it or says what is wrong.
    return false
  }
}

async function prepareFile(path: string, migrationsDir: string): Promise<void> {
  const file = new Database(path, { timeout: busyTimeoutMs })
  try {
    // WAL is a property of the file: set once, it holds for every connection, and readers never wait for writers.
    file.pragma('journal_mode = WAL')
  } finally {
    file.close()
  }
  await chmod(path, 0o600)
  await applySchemaMigrations(new PrismaBetterSqlite3({ url: `file:${path}`, timeout: busyTimeoutMs }), migrationsDir)
}
