import { createHash } from 'node:crypto'
import { mkdir, writeFile } from 'node:fs/promises'
import { dirname, join } from 'node:path'
import type { BackupSetup } from '@/lib/backup/make-backup'
import type { ControlStore } from '@/lib/control/control-store'
import { sealCv } from '@/lib/cv/cv-format'
import { cvRowQueries } from '@/lib/cv/cv-rows'
import { newStoragePath } from '@/lib/cv/cv-store'
import { openSqlite } from '@/lib/sqlite/open-database'
import { testCvKey } from './cvsite-app'
import { withPostgres } from './postgres-databases'

export interface TestCv {
  readonly storagePath: string
  readonly sizeBytes: number
  readonly sha256: Buffer
}

/** Writes so many encrypted CVs below a folder, as the app would. */
export async function writeCvs(folder: string, count: number): Promise<readonly TestCv[]> {
  const cvs: TestCv[] = []
  for (let index = 0; index < count; index += 1) {
    const storagePath = newStoragePath()
    const content = Buffer.from(`curriculum vitae number ${index} é👍`)
    const path = join(folder, storagePath)
    await mkdir(dirname(path), { recursive: true })
    await writeFile(path, sealCv(content, testCvKey, storagePath))
    cvs.push({ storagePath, sizeBytes: content.length, sha256: createHash('sha256').update(content).digest() })
  }
  return cvs
}

/** One user with these CVs, in a SQLite file that has cvsite's schema. */
export function insertCvsIntoSqlite(path: string, cvs: readonly TestCv[]): void {
  const db = openSqlite(path)
  try {
    const now = new Date().toISOString()
    db.prepare('INSERT INTO "User" (id, email, createdAt, updatedAt) VALUES (?, ?, ?, ?)').run('u1', 'u1@example.org', now, now)
    const insert = db.prepare(
      'INSERT INTO "CvFile" (id, userId, filename, title, storagePath, sizeBytes, sha256, createdAt, updatedAt) VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?)',
    )
    for (const [index, cv] of cvs.entries())
      insert.run(`c${index}`, 'u1', `${index}.txt`, 'CV', cv.storagePath, cv.sizeBytes, cv.sha256, now, now)
  } finally {
    db.close()
  }
}

/** The same in a PostgreSQL database. */
export async function insertCvsIntoPostgres(url: string, cvs: readonly TestCv[]): Promise<void> {
  await withPostgres(url, async (client) => {
    await client.query(`INSERT INTO "User" (id, email, "updatedAt") VALUES ('u1', 'u1@example.org', now())`)
    for (const [index, cv] of cvs.entries()) {
      await client.query(
        `INSERT INTO "CvFile" (id, "userId", filename, title, "storagePath", "sizeBytes", sha256, "updatedAt") VALUES ($1, 'u1', $2, 'CV', $3, $4, $5, now())`,
        [`c${index}`, `${index}.txt`, cv.storagePath, cv.sizeBytes, cv.sha256],
      )
    }
  })
}

/** A setup for backups of a SQLite file, everything below one folder. */
export function createTestBackupSetup(folder: string, store: ControlStore, sqlitePath: string): BackupSetup {
  return {
    store,
    folder: join(folder, 'backups'),
    source: async () => ({ engine: 'sqlite', path: sqlitePath }),
    files: { folder: join(folder, 'cv_data'), key: testCvKey, rows: cvRowQueries },
    environmentPath: join(folder, '.env'),
    app: { name: 'test', version: '1.2.3' },
    master: 'a secret of at least thirty-two characters',
    root: join(import.meta.dirname, '../..'),
    addresses: { allowPrivate: true },
  }
}
