import { createHash, randomBytes } from 'node:crypto'
import { appendFile, chmod, copyFile, mkdir, readFile, rm, writeFile } from 'node:fs/promises'
import { dirname, join } from 'node:path'
import Database from 'better-sqlite3'
import { afterEach, beforeEach, describe, expect, inject, it } from 'vitest'
import type { ProgressEvent } from '@/lib/core/progress'
import { createCvStore, storagePathOf } from '@/lib/cv/cv-store'
import { createTestOwnApp, strongCvKey } from '@/tests/support/own-app'
import { createPostgresDatabase, withPostgres } from '@/tests/support/postgres-databases'
import { createCvsiteDatabase, createSqliteDatabase, type TestSqliteDatabase } from '@/tests/support/sqlite-databases'
import type { OwnApp } from './own-app'
import type { PreflightResult } from './preflight-result'
import { preflightResultSchema } from './preflight-result'
import { runPreflight } from './run-preflight'

const root = join(import.meta.dirname, '../..')
const never = new AbortController().signal
const embedded = { url: inject('embeddedPostgresUrl') }
const history = { kind: 'history', folder: join(root, 'prisma/postgresql/migrations') } as const

let source: TestSqliteDatabase
let own: OwnApp
let paths: string[]

/** An app as it should be: three people with a CV each, files and folder for their owner alone. */
beforeEach(async () => {
  source = await createCvsiteDatabase()
  await chmod(source.path, 0o600)
  own = createTestOwnApp(source.folder, null)
  const store = createCvStore({ folder: join(source.folder, 'cv_data'), key: strongCvKey })
  paths = ['a', 'm', 'z'].map((letter) => storagePathOf(letter.repeat(24)))
  const now = new Date().toISOString().replace('Z', '+00:00')
  await withSource((db) => {
    const user = db.prepare(`INSERT INTO "User" (id, email, name, "createdAt", "updatedAt") VALUES (?, ?, 'x', ?, ?)`)
    for (const path of paths) user.run(`user-${path[0]}`, `${path[0]}@example.org`, now, now)
  })
  for (const path of paths) {
    const content = randomBytes(500)
    await store.write(path, content)
    const values = [`cv-${path[0]}`, `user-${path[0]}`, path, content.length, createHash('sha256').update(content).digest(), now, now]
    await withSource((db) =>
      db
        .prepare(
          `INSERT INTO "CvFile" (id, "userId", filename, title, "storagePath", "sizeBytes", sha256, "createdAt", "updatedAt") VALUES (?, ?, 'cv.txt', 'CV', ?, ?, ?, ?, ?)`,
        )
        .run(...values),
    )
  }
})

afterEach(() => source.remove())

async function withSource(use: (db: Database.Database) => unknown): Promise<void> {
  const db = new Database(source.path)
  try {
    use(db)
  } finally {
    db.close()
  }
}

function preflight(
  targetUrl: string,
  options: Partial<Parameters<typeof runPreflight>[0]> = {},
  report: (event: ProgressEvent) => void = () => undefined,
) {
  const workDir = join(source.folder, 'work')
  return runPreflight({ sourcePath: source.path, targetUrl, model: history, workDir, own, ...options }, report, never)
}

function outcomes(result: PreflightResult): Record<string, string> {
  return Object.fromEntries(result.checks.map(({ code, outcome }) => [code, outcome]))
}

function find(result: PreflightResult, code: string) {
  const check = result.checks.find((candidate) => candidate.code === code)
  if (!check) throw new Error(`no check ${code}`)
  return check
}

describe.each([...inject('postgresServers')])('a preflight against $name', (server) => {
  it('passes what is as it should be, plans it, and writes nothing', async () => {
    await using target = await createPostgresDatabase(server)
    const before = await readFile(source.path)
    const events: ProgressEvent[] = []
    const result = preflightResultSchema.parse(await preflight(target.url, {}, (event) => events.push(event)))
    const open = result.checks.filter(({ status }) => status !== 'passed').map(({ code }) => code)
    // What this machine has is its own affair: an old pg_dump, an .env, and nobody has compared another environment.
    expect(open.filter((code) => !['server-pg-dump', 'files-env-mode', 'secrets-environments'].includes(code))).toEqual([])
    expect(find(result, 'secrets-environments').status).toBe('unknown')
    expect(result.verdict).toBe('ready-with-warnings')
    expect(result.findings).toEqual([])

    expect(result.plan?.tables.find(({ table }) => table === 'CvFile')).toMatchObject({ rows: 3 })
    expect(result.plan?.tables.map(({ order }) => order)).toEqual(result.plan?.tables.map((_, index) => index + 1))
    expect(result.plan?.estimatedFrom.kind).toBe('default')
    expect(result.targetSchemaSql).toContain('CREATE TABLE "CvFile"')

    const { rows } = await withPostgres(target.url, (client) =>
      client.query(`SELECT relname FROM pg_class WHERE relnamespace = 'public'::regnamespace`),
    )
    expect(rows).toEqual([])
    expect((await readFile(source.path)).equals(before)).toBe(true)
    const phases = events.flatMap((event) => (event.type === 'phase' && event.status !== 'started' ? [event.phase] : []))
    expect(phases).toEqual(['source', 'target', 'values', 'files', 'secrets', 'server', 'plan'])
    expect(events.some((event) => event.type === 'progress' && event.phase === 'files' && event.rowsDone === 3)).toBe(true)
  })

  it('names the right that is lacking, and how to grant it', async () => {
    await using target = await createPostgresDatabase(server)
    const user = `poor_${target.name}`
    const url = new URL(target.url)
    await withPostgres(target.url, (client) =>
      client.query(`CREATE ROLE ${user} LOGIN PASSWORD 'secret' CONNECTION LIMIT 3; REVOKE CREATE ON SCHEMA public FROM PUBLIC;
        ALTER DATABASE ${target.name} SET timezone TO 'Asia/Tokyo'`),
    )
    try {
      url.username = user
      url.password = 'secret'
      const result = await preflight(url.href)
      expect(outcomes(result)).toMatchObject({ 'target-privileges': 'lacking', 'target-time-zone': 'other', 'target-connections': 'none' })
      expect(result.verdict).toBe('not-ready')
      expect(find(result, 'target-connections').params).toMatchObject({ free: 3 })
      // Without the right the schema cannot be tried out: then nobody knows about the values, and it is not said otherwise.
      expect(find(result, 'values-held').status).toBe('unknown')
      expect(find(result, 'target-disk').status).toBe('unknown')
      expect(JSON.stringify(result)).not.toContain('secret@')
      const { remedy } = find(result, 'target-privileges')
      await withPostgres(target.url, (client) => client.query(remedy ?? ''))
      expect(outcomes(await preflight(url.href))).toMatchObject({ 'target-privileges': 'enough', 'values-held': 'exact' })
    } finally {
      await withPostgres(target.url, (client) => client.query(`REASSIGN OWNED BY ${user} TO postgres; DROP OWNED BY ${user}`))
      await withPostgres(server.url, (client) => client.query(`ALTER DATABASE ${target.name} OWNER TO postgres; DROP ROLE ${user}`))
    }
  })
})

it('finds what is wrong with the source, its files and its keys, all at once', async () => {
  await using target = await createPostgresDatabase(embedded)
  await withPostgres(target.url, (client) => client.query('CREATE TABLE "Occupied" (id int)'))
  await withSource((db) => {
    db.pragma('foreign_keys = off')
    db.exec(`UPDATE "CvFile" SET "userId" = 'nobody' WHERE id = 'cv-a'; UPDATE "CvFile" SET "sizeBytes" = 'many' WHERE id = 'cv-z';
      ALTER TABLE "User" ADD COLUMN nickname TEXT; UPDATE _prisma_migrations SET checksum = 'other'`)
  })
  const folder = join(source.folder, 'cv_data')
  const [missing, damaged, extra] = [paths[0] ?? '', paths[1] ?? '', storagePathOf('q'.repeat(24))]
  await mkdir(dirname(join(folder, extra)), { recursive: true, mode: 0o700 })
  await copyFile(join(folder, missing), join(folder, extra))
  await rm(join(folder, missing))
  const bytes = await readFile(join(folder, damaged))
  bytes.writeUInt8(bytes.readUInt8(40) ^ 1, 40)
  await writeFile(join(folder, damaged), bytes)
  await chmod(join(folder, damaged), 0o644)
  await chmod(source.path, 0o666)
  const secrets = { CV_ENCRYPTION_KEY: own.secrets.CV_ENCRYPTION_KEY, NEXTAUTH_SECRET: 'change-me-change-me-change-me-change-me' }

  const result = await preflight(target.url, { own: { ...own, secrets } })
  expect(result.verdict).toBe('not-ready')
  expect(outcomes(result)).toMatchObject({
    'source-references': 'orphans',
    'source-history': 'edited',
    'source-drift': 'drift',
    'target-empty': 'not-empty',
    'files-database-mode': 'writable',
    'files-cv-mode': 'readable',
    'files-cv-complete': 'missing',
    'secrets-session-secret': 'weak',
  })
  expect(find(result, 'source-drift').examples).toEqual(['User.nickname: not in the schema migrations'])
  expect(find(result, 'files-cv-complete')).toMatchObject({ count: 1, examples: [missing] })
  // One file was touched, and one row describes something that no file can be.
  expect(find(result, 'files-cv-open')).toMatchObject({ outcome: 'damaged', count: 2 })
  // The target is occupied; the values are checked all the same.
  expect(find(result, 'values-held')).toMatchObject({ outcome: 'refused', examples: [expect.stringContaining('CvFile.sizeBytes')] })
  expect(result.targetSchemaSql).not.toContain('bascule_preflight')
  expect(find(result, 'values-structure').examples).toContain('User.nickname COLUMN_ADDED')
  // The same repairs as the migration offers: where no NULL may stand and no default is, none for the value.
  const offered = result.findings.filter(({ severity }) => severity === 'blocks')
  expect(offered.map(({ code, column, kind, choices }) => [code, column, kind, choices.map(({ choice }) => choice)])).toEqual([
    ['ORPHAN_ROWS', 'userId', 'orphans', ['delete']],
    ['INT_UNREADABLE', 'sizeBytes', 'integers', []],
  ])
})

it('tells a damaged, a missing and an extra CV apart, and a wrong key from damage', async () => {
  await using target = await createPostgresDatabase(embedded)
  const folder = join(source.folder, 'cv_data')
  const bytes = await readFile(join(folder, paths[2] ?? ''))
  bytes.writeUInt8(bytes.readUInt8(bytes.length - 1) ^ 1, bytes.length - 1)
  await writeFile(join(folder, paths[2] ?? ''), bytes)
  await writeFile(join(folder, 'left.over'), 'x', { mode: 0o600 })
  const result = await preflight(target.url)
  expect(find(result, 'files-cv-open')).toMatchObject({ outcome: 'damaged', count: 1, examples: [`${paths[2]} (damaged)`] })
  expect(find(result, 'files-cv-complete')).toMatchObject({ outcome: 'extra', status: 'warning', examples: ['left.over'] })

  const other = createTestOwnApp(source.folder, null)
  const { createCvFiles } = await import('@/lib/cvsite/cv-files')
  const wrong = { ...other, hostFiles: createCvFiles({ folder, key: randomBytes(32) }) }
  expect(find(await preflight(target.url, { own: wrong }), 'files-cv-open')).toMatchObject({
    outcome: 'other-key',
    count: 3,
    status: 'failed',
  })
})

it('says what the database refuses: an encoding, a history behind its model, and pages that SQLite cannot read', async () => {
  const name = `latin_${process.pid}_${Date.now()}`
  await withPostgres(embedded.url, (client) => client.query(`CREATE DATABASE ${name} ENCODING 'LATIN1' LOCALE 'C' TEMPLATE template0`))
  const url = new URL(embedded.url)
  url.pathname = name
  let page = 0
  try {
    await withSource((db) => {
      db.exec(`UPDATE _prisma_migrations SET finished_at = NULL`)
      db.pragma('journal_mode = DELETE')
      const root = db.prepare(`SELECT rootpage FROM sqlite_schema WHERE name = 'User_email_key'`).pluck().get()
      page = Number(root) * Number(db.pragma('page_size', { simple: true }))
    })
    // The head of an index: the file opens, and only reading all of it shows what was done.
    const bytes = await readFile(source.path)
    bytes.fill(0xff, page - 4096, page - 4080)
    await writeFile(source.path, bytes)
    const result = await preflight(url.href)
    expect(outcomes(result)).toMatchObject({ 'target-encoding': 'other', 'source-integrity': 'damaged', 'source-history': 'failed' })
    expect(find(result, 'source-integrity').error?.code).toBe('SOURCE_DAMAGED')
  } finally {
    await withPostgres(embedded.url, (client) => client.query(`DROP DATABASE ${name} WITH (FORCE)`))
  }
})

it('counts what stands in the write-ahead log and not yet in the file', async () => {
  const db = new Database(source.path)
  try {
    db.pragma('wal_autocheckpoint = 0')
    db.exec(`UPDATE "User" SET name = 'y'`)
    await using target = await createPostgresDatabase(embedded)
    const result = await preflight(target.url)
    expect(find(result, 'source-wal')).toMatchObject({ outcome: 'pending', status: 'warning', where: `${source.path}-wal` })
    db.pragma('wal_checkpoint(PASSIVE)')
    expect(find(await preflight(target.url), 'source-wal').outcome).toBe('empty')
  } finally {
    db.close()
  }
})

it('is unknown about everything behind a server that cannot be reached, and never says passed', async () => {
  const result = await preflight('postgresql://me:geheim@127.0.0.1:9/db')
  expect(result.verdict).toBe('not-ready')
  expect(find(result, 'target-reachable')).toMatchObject({ outcome: 'unreachable', error: { code: 'TARGET_UNREACHABLE' } })
  const behind = result.checks.filter(({ code }) => /^target-(?!reachable|history)|^values-|^server-(clock|pg-dump)/.test(code))
  expect(behind.length).toBe(14)
  expect([...new Set(behind.map(({ status }) => status))]).toEqual(['unknown'])
  expect(find(result, 'source-integrity').outcome).toBe('sound')
  expect(result.plan?.tables.length).toBeGreaterThan(10)
  expect(JSON.stringify(result)).not.toContain('geheim')
})

it('is unknown about what the system does not let it ask', async () => {
  await using target = await createPostgresDatabase(embedded)
  const refused = Object.assign(new Error('EACCES: permission denied'), { code: 'EACCES' })
  const closed: OwnApp = {
    ...own,
    hostFiles: { folder: '', check: () => Promise.reject(refused) },
    readKeyRecords: () => Promise.reject(refused),
    readState: () => new Promise(() => undefined),
  }
  const missing = join(source.folder, 'absent.db')
  const [first, second] = await Promise.all([
    preflight(target.url, { own: { ...closed, readState: () => Promise.reject(refused) } }),
    preflight(target.url, { sourcePath: missing }),
  ])
  for (const code of ['files-cv-open', 'files-cv-complete', 'secrets-unchanged', 'server-state'])
    expect(find(first, code)).toMatchObject({ status: 'unknown', error: { message: 'EACCES: permission denied' } })
  expect(first.verdict).toBe('unknown')
  expect(find(second, 'source-file')).toMatchObject({ status: 'failed', error: { code: 'SOURCE_MISSING' } })
  for (const code of ['source-integrity', 'source-wal', 'values-held', 'files-database-mode', 'files-safety-disk'])
    expect(find(second, code).status).toBe('unknown')
  expect(second.plan).toBeNull()
})

it('of a file whose app is not known it asks what can be asked, and says what is left out', async () => {
  await using target = await createPostgresDatabase(embedded)
  await using file = await createSqliteDatabase(
    `CREATE TABLE note (id INTEGER PRIMARY KEY, body TEXT, n INT); INSERT INTO note (body, n) VALUES ('a', 1), ('b', 'two')`,
  )
  const result = await preflight(target.url, { sourcePath: file.path, model: { kind: 'introspect' }, own: null })
  expect(result.leftOut).toEqual(['files', 'secrets'])
  expect(result.checks.filter(({ group }) => group === 'secrets')).toEqual([])
  expect(result.fingerprints).toEqual([])
  // The number that stands among texts arrives, as text: said, and not called exact.
  expect(outcomes(result)).toMatchObject({ 'values-held': 'noted', 'files-safety-disk': 'room' })
  expect(result.plan?.tables).toMatchObject([{ table: 'note', rows: 2, order: 1 }])
})

it('stops when it is told to', async () => {
  await using target = await createPostgresDatabase(embedded)
  const stop = new AbortController()
  const options = { sourcePath: source.path, targetUrl: target.url, model: history, workDir: source.folder, own }
  const running = runPreflight(options, (event) => event.type === 'phase' && event.phase === 'target' && stop.abort(), stop.signal)
  await expect(running).rejects.toMatchObject({ code: 'CANCELLED' })
  await appendFile(source.path, '')
})
