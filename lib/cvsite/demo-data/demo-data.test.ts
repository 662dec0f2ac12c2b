import { createHash } from 'node:crypto'
import { readdir, readFile } from 'node:fs/promises'
import { join } from 'node:path'
import Database from 'better-sqlite3'
import { describe, expect, it } from 'vitest'
import { verifyPassword } from '@/lib/auth/password'
import { createCvStore } from '@/lib/cv/cv-store'
import { openSqliteClient } from '@/lib/database/sqlite-client'
import { createCvsiteDatabase } from '@/tests/support/sqlite-databases'
import { awkwardTexts } from './awkward-text'
import { demoAccounts } from './people'
import { writeDemoData } from './write-demo-data'

const cvKey = Buffer.alloc(32, 9)

async function make(options: { users: number; seed: string; maxCvFiles?: number }) {
  const sqlite = await createCvsiteDatabase()
  const cvFolder = join(sqlite.folder, 'cv_data')
  const counts = await writeDemoData({ path: sqlite.path, cvFolder, cvKey, maxCvFiles: 1_000, ...options })
  const all = <T>(sql: string): T[] => {
    const file = new Database(sqlite.path, { readonly: true })
    try {
      return file.prepare(sql).all() as T[]
    } finally {
      file.close()
    }
  }
  return { sqlite, cvFolder, counts, all, [Symbol.asyncDispose]: sqlite.remove }
}

/** A digest of every row of every table and of every file, names included. */
async function digestOf({ all, cvFolder }: Awaited<ReturnType<typeof make>>): Promise<string> {
  const digest = createHash('sha256')
  const tables = all<{ name: string }>(
    "SELECT name FROM sqlite_schema WHERE type = 'table' AND name NOT LIKE '\\_%' ESCAPE '\\' ORDER BY name",
  )
  expect(tables.length).toBeGreaterThanOrEqual(14)
  for (const { name } of tables) {
    const columns = all<{ name: string }>(`SELECT name FROM pragma_table_info('${name}')`)
    const shown = columns.map((column) => `typeof("${column.name}") || ':' || hex("${column.name}")`).join(` || ',' || `)
    for (const row of all<{ line: string }>(`SELECT ${shown} AS line FROM "${name}" ORDER BY rowid`)) digest.update(`${name} ${row.line}\n`)
  }
  const files = (await readdir(cvFolder, { recursive: true, withFileTypes: true })).filter((entry) => entry.isFile())
  for (const file of files.map((entry) => join(entry.parentPath, entry.name)).sort()) {
    digest.update(file.slice(cvFolder.length)).update(await readFile(file))
  }
  return digest.digest('hex')
}

describe('demo data', () => {
  it('is the same for the same seed, rows and files, byte for byte, and another for another seed', async () => {
    await using first = await make({ users: 40, seed: 'a' })
    await using second = await make({ users: 40, seed: 'a' })
    await using other = await make({ users: 40, seed: 'b' })
    expect(await digestOf(second)).toBe(await digestOf(first))
    expect(second.counts).toEqual(first.counts)
    expect(await digestOf(other)).not.toBe(await digestOf(first))
  })

  it('gives a user the same rows however many others there are', async () => {
    await using few = await make({ users: 3, seed: 'a' })
    await using many = await make({ users: 30, seed: 'a' })
    const users = few.all('SELECT * FROM User ORDER BY rowid')
    expect(many.all('SELECT * FROM User ORDER BY rowid LIMIT 4')).toEqual(users)
  })

  it('has balances that are the sum of their transactions, and none below zero', async () => {
    await using data = await make({ users: 200, seed: '1' })
    const wrong = data.all(
      'SELECT b.userId FROM CreditBalance b WHERE b.balance < 0 OR b.balance IS NOT (SELECT sum(amount) FROM CreditTransaction t WHERE t.userId = b.userId)',
    )
    expect(wrong).toEqual([])
    expect(data.all('SELECT 1 FROM User u WHERE NOT EXISTS (SELECT 1 FROM CreditBalance b WHERE b.userId = u.id)')).toEqual([])
    expect(data.all('PRAGMA foreign_key_check')).toEqual([])
    expect(data.all('PRAGMA integrity_check')).toEqual([{ integrity_check: 'ok' }])
  })

  it('fills every table with what is hard to move', async () => {
    await using data = await make({ users: 300, seed: '1' })
    const rows = Object.values(data.counts.tables).reduce((sum, count) => sum + count, 0)
    expect(rows / 300).toBeGreaterThan(25)
    expect(rows / 300).toBeLessThan(60)
    expect(Object.keys(data.counts.tables)).toHaveLength(14)
    expect(data.counts.tables.SubscriptionPlan).toBeGreaterThanOrEqual(3)
    expect(data.counts.tables.CreditPack).toBeGreaterThanOrEqual(4)
    expect(data.all('SELECT DISTINCT status FROM BackgroundTask')).toHaveLength(5)
    expect(data.all('SELECT DISTINCT role FROM User')).toHaveLength(2)
    expect(data.all('SELECT 1 FROM TelemetryEvent WHERE totalBytes > 9007199254740992').length).toBeGreaterThan(0)
    const messages = new Set(data.all<{ message: string }>('SELECT message FROM TelemetryEvent').map(({ message }) => message))
    expect(awkwardTexts.filter((text) => !messages.has(text))).toEqual([])
    // The forms in which Prisma itself stores these: dates with +00:00, decimals and Json numbers as numbers.
    expect(data.all("SELECT 1 FROM User WHERE createdAt NOT GLOB '????-??-??T??:??:??.???+00:00'")).toEqual([])
    expect(data.all('SELECT DISTINCT typeof(costUsd) AS type FROM OpenAIUsage')).toEqual([{ type: 'real' }])
    expect(
      data.all<{ type: string }>('SELECT DISTINCT typeof(payload) AS type FROM BackgroundTask ORDER BY 1').map(({ type }) => type),
    ).toEqual(['integer', 'real', 'text'])
  })

  it('is read by Prisma, and its accounts and CVs open', async () => {
    await using data = await make({ users: 30, seed: '1' })
    const client = await openSqliteClient(data.sqlite.path)
    try {
      const { user, cvFile, backgroundTask, telemetryEvent, openAIUsage, creditTransaction, session, subscription } = client.reader
      for (const model of [backgroundTask, telemetryEvent, openAIUsage, creditTransaction, session, subscription]) {
        expect((await (model as typeof session).findMany()).length).toBeGreaterThan(0)
      }
      const admin = await user.findUniqueOrThrow({ where: { email: demoAccounts.admin.email } })
      expect(admin.role).toBe('ADMIN')
      expect(await verifyPassword(admin.passwordHash, demoAccounts.admin.password)).toBe(true)
      const someone = await user.findUniqueOrThrow({ where: { email: demoAccounts.user.email } })
      expect(await verifyPassword(someone.passwordHash, demoAccounts.user.password)).toBe(true)
      const store = createCvStore({ folder: data.cvFolder, key: cvKey })
      const cvs = await cvFile.findMany()
      expect(cvs.length).toBe(data.counts.cvFiles)
      for (const cv of cvs) {
        const content = await store.read(cv.storagePath)
        expect(content.length).toBe(cv.sizeBytes)
        expect(createHash('sha256').update(content).digest().equals(cv.sha256)).toBe(true)
      }
    } finally {
      await client.close()
    }
  })

  it('writes no more CVs than asked for, row and file alike', async () => {
    await using data = await make({ users: 30, seed: '1', maxCvFiles: 5 })
    expect(data.counts.cvFiles).toBe(5)
    expect(data.counts.tables.CvFile).toBe(5)
  })

  it('refuses a database that has users', async () => {
    await using data = await make({ users: 1, seed: '1' })
    const again = writeDemoData({ path: data.sqlite.path, cvFolder: data.cvFolder, cvKey, users: 1, seed: '2', maxCvFiles: 1 })
    await expect(again).rejects.toMatchObject({ code: 'STATE_CONFLICT' })
    expect(data.all('SELECT count(*) AS n FROM User')).toEqual([{ n: 2 }])
  })
})
