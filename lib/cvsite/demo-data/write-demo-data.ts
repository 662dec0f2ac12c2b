import { createHash, createHmac } from 'node:crypto'
import { mkdirSync, writeFileSync } from 'node:fs'
import { dirname, join } from 'node:path'
import { hash } from '@node-rs/argon2'
import Database from 'better-sqlite3'
import { passwordHashing } from '@/lib/auth/password'
import { AppError } from '@/lib/core/errors'
import { cvFormat, sealCv } from '@/lib/cv/cv-format'
import { packRows, planRows } from './catalogue-rows'
import { demoAccounts } from './people'
import { type Row, type RowsByTable, type StoredValue, storedBoolean, storedJson } from './stored-values'
import { type CvFileContent, makeUserRows } from './user-rows'

export interface DemoDataOptions {
  /** Absolute path of a SQLite file that has the app's schema and no users. */
  readonly path: string
  /** Users with the role USER; one administrator comes on top. */
  readonly users: number
  /** Any text; the same one gives the same rows and files, byte for byte. */
  readonly seed: string
  /** Folder of the encrypted CVs, absolute. */
  readonly cvFolder: string
  /** 32 bytes. */
  readonly cvKey: Buffer
  /** CVs beyond this number are left out, row and file. */
  readonly maxCvFiles: number
  /** Called after each batch. */
  readonly onProgress?: (usersDone: number) => void
}

/** Rows written, by table, and files. */
export interface DemoDataCounts {
  readonly tables: Readonly<Record<string, number>>
  readonly cvFiles: number
}

/** Users whose rows are held in memory and written in one transaction. */
const batchUsers = 500

/**
 * Fills an empty app database, in memory that does not grow with the number of users. Stopped in the middle it
 * leaves whole users behind; begin again with a new file.
 *
 * @throws AppError STATE_CONFLICT when there are users already: the accounts of demo data have known passwords
 */
export async function writeDemoData(options: DemoDataOptions): Promise<DemoDataCounts> {
  const { path, users, seed } = options
  const passwords = {
    admin: await seededHash(demoAccounts.admin.password, `${seed} admin`),
    user: await seededHash(demoAccounts.user.password, `${seed} user`),
  }
  const database = new Database(path, { fileMustExist: true, timeout: 10_000 })
  try {
    refuseFilled(database)
    database.pragma('journal_mode = WAL')
    database.pragma('foreign_keys = ON')
    // A data set that can be made again needs no power-cut safety; this is what makes 100,000 users feasible.
    database.pragma('synchronous = OFF')
    database.pragma('cache_size = -65536')
    const writer = createRowWriter(database)
    const begin = database.prepare('BEGIN IMMEDIATE')
    const commit = database.prepare('COMMIT')
    let cvFiles = 0
    begin.run()
    writer.write(catalogueRows())
    commit.run()
    for (let start = 0; start <= users; start += batchUsers) {
      begin.run()
      const end = Math.min(start + batchUsers, users + 1)
      for (let index = start; index < end; index++) {
        const account = index === 0 ? demoAccounts.admin : index === 1 ? demoAccounts.user : null
        const passwordHash = index === 0 ? passwords.admin : passwords.user
        const made = makeUserRows({ seed, index, account, passwordHash, cvsLeft: options.maxCvFiles - cvFiles })
        for (const file of made.files) writeCvFile(file, options)
        writer.write(made.rows)
        cvFiles += made.files.length
      }
      commit.run()
      options.onProgress?.(end)
    }
    database.pragma('wal_checkpoint(TRUNCATE)')
    return { tables: writer.counts, cvFiles }
  } finally {
    // Also ends a transaction that an error left open.
    database.close()
  }
}

function refuseFilled(database: Database.Database): void {
  if (database.prepare('SELECT 1 FROM "User" LIMIT 1').get() === undefined) return
  throw new AppError({
    code: 'STATE_CONFLICT',
    operation: 'write demo data',
    subject: database.name,
    message: 'The database has users already. Demo data is only written to an empty one: its accounts have known passwords.',
    hint: 'Name a new file with --database file:…, or delete the old file first.',
  })
}

/** Inserts rows with one prepared statement a table. The tables are filled in the order of the record's keys. */
function createRowWriter(database: Database.Database) {
  const counts: Record<string, number> = {}
  const statements = new Map<string, { readonly columns: readonly string[]; readonly insert: Database.Statement<StoredValue[]> }>()
  const statementFor = (table: string, row: Row) => {
    const known = statements.get(table)
    if (known) return known
    const columns = Object.keys(row)
    const names = columns.map((column) => `"${column}"`).join(', ')
    const insert = database.prepare<StoredValue[]>(`INSERT INTO "${table}" (${names}) VALUES (${columns.map(() => '?').join(', ')})`)
    const statement = { columns, insert }
    statements.set(table, statement)
    return statement
  }
  const write = (rows: RowsByTable) => {
    for (const [table, tableRows] of Object.entries(rows)) {
      for (const row of tableRows) {
        const { columns, insert } = statementFor(table, row)
        insert.run(...columns.map((column) => row[column] ?? null))
        counts[table] = (counts[table] ?? 0) + 1
      }
    }
  }
  return { write, counts: counts as Readonly<Record<string, number>> }
}

function catalogueRows(): RowsByTable {
  return {
    SubscriptionPlan: planRows.map((plan) => ({ ...plan, features: storedJson(plan.features), isActive: storedBoolean(plan.isActive) })),
    CreditPack: packRows.map((pack) => ({ ...pack, isActive: storedBoolean(pack.isActive) })),
  }
}

function writeCvFile({ storagePath, body }: CvFileContent, { cvFolder, cvKey }: DemoDataOptions): void {
  // Derived from key, path and content: the same file each time, and never one nonce for two contents.
  const nonce = createHmac('sha256', cvKey).update(`demo nonce ${storagePath}\0`).update(body).digest().subarray(0, cvFormat.nonceBytes)
  const path = join(cvFolder, storagePath)
  mkdirSync(dirname(path), { recursive: true, mode: 0o700 })
  writeFileSync(path, sealCv(body, cvKey, storagePath, nonce), { mode: 0o600 })
}

/** argon2id with a salt that follows from the seed, so that the row is the same each time. */
function seededHash(password: string, seed: string): Promise<string> {
  const salt = createHash('sha256').update(`salt ${seed}`).digest().subarray(0, 16)
  return hash(password, { ...passwordHashing, salt })
}
