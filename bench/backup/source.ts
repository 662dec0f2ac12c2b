import { existsSync } from 'node:fs'
import { mkdir, rename, rm, stat } from 'node:fs/promises'
import { join } from 'node:path'
import Database from 'better-sqlite3'
import { writeDemoData } from '@/lib/cvsite/demo-data/write-demo-data'
import { ensureSchema } from '@/lib/database/ensure-schema'

export interface BackupSource {
  readonly databasePath: string
  readonly filesFolder: string
  readonly sizeBytes: number
}

export interface SourceOptions {
  /** Kept between runs. */
  readonly folder: string
  readonly root: string
  readonly sizeMiB: number
  readonly files: number
  readonly fileKey: Buffer
}

/** Bytes of a row as it comes to lie in the file, its part of the indexes included. */
const rowBytes = 1_250

/**
 * An app's database of about that size with so many encrypted files. A row of telemetry is half random digits, half words, so
 * that it compresses to about a third, as databases do.
 */
export async function buildBackupSource({ folder, root, sizeMiB, files, fileKey }: SourceOptions): Promise<BackupSource> {
  const ready = join(folder, `source-${sizeMiB}-${files}`)
  const partial = `${ready}.partial`
  if (!existsSync(ready)) {
    await rm(partial, { recursive: true, force: true })
    await mkdir(partial, { recursive: true })
    const path = join(partial, 'app.db')
    await ensureSchema({ engine: 'sqlite', path }, root)
    // A user of the demo data has one or two of them.
    await writeDemoData({ path, users: files, seed: 'bench', cvFolder: join(partial, 'cv_data'), cvKey: fileKey, maxCvFiles: files })
    fillUp(path, sizeMiB)
    await rename(partial, ready)
  }
  const databasePath = join(ready, 'app.db')
  return { databasePath, filesFolder: join(ready, 'cv_data'), sizeBytes: (await stat(databasePath)).size }
}

function fillUp(path: string, sizeMiB: number): void {
  const db = new Database(path)
  db.pragma('journal_mode = OFF')
  db.pragma('synchronous = OFF')
  db.pragma('cache_size = -200000')
  const pages = Number(db.pragma('page_count', { simple: true })) * Number(db.pragma('page_size', { simple: true }))
  const rows = Math.max(0, Math.floor((sizeMiB * 1024 * 1024 - pages) / rowBytes))
  if (rows > 0)
    db.exec(`INSERT INTO TelemetryEvent (sessionId, type, path, message, properties, durationMs, totalBytes, timestamp)
    WITH RECURSIVE numbers(n) AS (SELECT 0 UNION ALL SELECT n + 1 FROM numbers WHERE n < ${rows - 1})
    SELECT printf('s%031d', n / 9), 'event.' || (n % 13), '/cvs/' || (n % 1000), 'line one ' || n,
      '{"digits":"' || hex(randomblob(420)) || '","text":"the quick brown fox jumps over the lazy dog"}', n / 7.0, n,
      strftime('%Y-%m-%dT%H:%M:%S', 1704067200 + n * 7, 'unixepoch') || '.000+00:00' FROM numbers`)
  db.pragma('journal_mode = WAL')
  db.close()
}
