import { existsSync } from 'node:fs'
import { mkdir, rename, rm, stat } from 'node:fs/promises'
import { dirname } from 'node:path'
import { PrismaBetterSqlite3 } from '@prisma/adapter-better-sqlite3'
import Database from 'better-sqlite3'
import { applySchemaMigrations } from '@/lib/schema/schema-migrations'
import { syncFile } from './sync-file'

export interface BenchSource {
  readonly path: string
  readonly rows: number
  readonly sizeBytes: number
}

/** Share of all rows that each table gets; the rest goes to TelemetryEvent. */
const shares = { user: 0.06, cvFile: 0.06, creditTransaction: 0.24, openAIUsage: 0.04 }

/**
 * Builds a database of the app's own data model with `rows` rows, by SQL alone so that 15 million take a minute: text with
 * escapes and emoji, Json, dates as Prisma writes them, decimals, 64-bit integers, doubles, 32-byte blobs. The same number
 * gives the same file content; an existing file of that number is used again.
 */
export async function buildSource(path: string, rows: number): Promise<BenchSource> {
  if (!existsSync(path)) await create(path, rows)
  return { path, rows, sizeBytes: (await stat(path)).size }
}

async function create(path: string, rows: number): Promise<void> {
  const partial = `${path}.partial`
  await mkdir(dirname(path), { recursive: true })
  await rm(partial, { force: true })
  await applySchemaMigrations(new PrismaBetterSqlite3({ url: `file:${partial}` }), 'prisma/migrations')
  const db = new Database(partial)
  db.pragma('journal_mode = OFF')
  db.pragma('synchronous = OFF')
  db.pragma('foreign_keys = OFF')
  db.pragma('cache_size = -200000')
  fill(db, rows)
  db.close()
  await syncFile(partial)
  await rename(partial, path)
}

/** A date in 2024 or 2025 as Prisma's adapter writes it, from a number. */
const date = (n: string) =>
  `strftime('%Y-%m-%dT%H:%M:%S', 1704067200 + ((${n}) * 7919) % 63072000, 'unixepoch') || printf('.%03d+00:00', (${n}) % 1000)`
const id = (letter: string, n: string) => `printf('c${letter}%023d', ${n})`

function fill(db: Database.Database, rows: number): void {
  const users = Math.max(1, Math.floor(rows * shares.user))
  const cvFiles = Math.floor(rows * shares.cvFile)
  const transactions = Math.floor(rows * shares.creditTransaction)
  const usages = Math.floor(rows * shares.openAIUsage)
  const events = rows - users - cvFiles - transactions - usages
  const anyUser = id('u', `(n * 31) % ${users}`)
  const statements: readonly [count: number, sql: string][] = [
    [
      users,
      `INSERT INTO User (id, name, email, emailVerified, passwordHash, role, locale, createdAt, updatedAt)
       SELECT ${id('u', 'n')}, 'Zoë O''Neil ' || n, 'user' || n || '@example.org', iif(n % 3, ${date('n')}, NULL),
              printf('$argon2id$v=19$m=19456,t=2,p=1$%022d$%043d', n, n), 'USER', iif(n % 2, 'en', 'fr'), ${date('n')}, ${date('n + 11')} FROM numbers`,
    ],
    [
      cvFiles,
      `INSERT INTO CvFile (id, userId, filename, title, source, storagePath, contentType, sizeBytes, sha256, outline, matchScore, createdAt, updatedAt)
       SELECT ${id('f', 'n')}, ${id('u', `n % ${users}`)}, 'cv-' || n || '.txt', 'Ingénieure № ' || n, 'WRITTEN', 'u/' || n || '.cv', 'text/plain', n % 90000,
              randomblob_of(n), '{"sections":["experience","études"],"years":' || (n % 40) || ',"score":' || (n % 1000) / 7.0 || '}', (n % 997) / 3.0, ${date('n')}, ${date('n + 5')} FROM numbers`,
    ],
    [
      transactions,
      `INSERT INTO CreditTransaction (id, userId, amount, reason, note, metadata, createdAt)
       SELECT n + 1, ${anyUser}, n % 200 - 100, iif(n % 5, 'CV_CREATED', 'PURCHASE'), iif(n % 4, NULL, 'order\\' || n || char(9) || 'paid'), iif(n % 3, NULL, '{"n":' || n || ',"tags":["a","b"]}'), ${date('n')} FROM numbers`,
    ],
    [
      usages,
      `INSERT INTO OpenAIUsage (userId, model, feature, promptTokens, completionTokens, costUsd, cached, createdAt)
       SELECT ${anyUser}, 'model-' || (n % 7), 'match', n % 8000, n % 2000, (n % 100000) / 100000.0, n % 2, ${date('n')} FROM numbers`,
    ],
    [
      events,
      `INSERT INTO TelemetryEvent (id, userId, sessionId, type, path, message, properties, durationMs, totalBytes, timestamp)
       SELECT n + 1, iif(n % 6, ${anyUser}, NULL), printf('s%031d', n / 9), 'event.' || (n % 13), '/cvs/' || (n % 1000),
              iif(n % 5, NULL, 'line one' || char(10) || 'tab' || char(9) || 'back\\slash 🙂 “quoted” ' || n),
              '{"screen":[1280,720],"referrer":"https://example.org/?q=' || n || '","ok":true}', n / 7.0, 9007199254740993 + n, ${date('n')} FROM numbers`,
    ],
  ]
  db.function('randomblob_of', { deterministic: true }, (n: unknown) => Buffer.alloc(32, String(n)))
  for (const [count, sql] of statements) {
    if (count > 0) db.exec(`WITH RECURSIVE numbers(n) AS (SELECT 0 UNION ALL SELECT n + 1 FROM numbers WHERE n < ${count - 1}) ${sql}`)
  }
}
