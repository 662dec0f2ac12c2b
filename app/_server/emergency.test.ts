import { readFile, writeFile } from 'node:fs/promises'
import { join } from 'node:path'
import { afterAll, beforeAll, beforeEach, describe, expect, it, vi } from 'vitest'
import { hashPassword } from '@/lib/auth/password'
import { signEmergencyPass, signRecentAuthentication } from '@/lib/auth/recent-authentication'
import { parseEnvironment } from '@/lib/config/environment'
import { initialiseActiveDatabase, readActiveDatabase } from '@/lib/control/active-database'
import { listAudit } from '@/lib/control/audit'
import { type ControlStore, openControlStore } from '@/lib/control/control-store'
import { sealSecret } from '@/lib/control/secrets'
import { writeWayBack } from '@/lib/control/way-back'
import { createLogger } from '@/lib/core/logger'
import { createAppDatabase } from '@/lib/database/app-database'
import { raiseFence } from '@/lib/sqlite/fence'
import { openSqlite } from '@/lib/sqlite/open-database'
import { createCvsiteDatabase, createTemporaryFolder, type TestSqliteDatabase } from '@/tests/support/sqlite-databases'
import { readLines, writeLeftBehind } from './left-behind'

// What a route gets from outside its request: the browser's cookies, and the services.
const jar = new Map<string, string>()
let container: unknown
vi.mock('next/headers', () => ({
  cookies: async () => ({
    get: (name: string) => (jar.has(name) ? { name, value: jar.get(name) } : undefined),
    getAll: () => [...jar].map(([name, value]) => ({ name, value })),
    set: (name: string, value: string) => void jar.set(name, value),
    delete: (name: string) => void jar.delete(name),
  }),
  headers: async () => new Headers({ 'x-forwarded-for': '192.0.2.1' }),
}))
vi.mock('./container', () => ({ getContainer: async () => container }))

const site = 'http://localhost:3000'
const secret = 'a secret of at least thirty-two characters'
const password = 'the password of the switch'

/** The server of this target is not there: nothing listens on the port. */
describe('the emergency', () => {
  let source: TestSqliteDatabase
  let control: ControlStore
  const jobId = 'switched-by'

  beforeAll(async () => {
    source = await createCvsiteDatabase()
    const database = createAppDatabase({ readState: async () => ({ status: 'on-sqlite' }), sqlitePath: source.path, openTarget: () => '' })
    const passwordHash = await hashPassword(password)
    for (const [id, role] of [
      ['admin', 'ADMIN'],
      ['dismissed', 'ADMIN'],
      ['plain', 'USER'],
    ] as const) {
      await database.write(({ user }) => user.create({ data: { id, email: `${id}@example.org`, role, passwordHash } }))
    }
    await database.close()
    const db = openSqlite(source.path)
    raiseFence(db, 'moved', 'moved')
    db.close()
    control = await openControlStore(join(source.folder, 'control.db'))
    const target = { sealedUrl: sealSecret('postgresql://app:hunter2@127.0.0.1:1/app', secret), label: 'app@127.0.0.1:1/app' }
    await initialiseActiveDatabase(control, { status: 'on-postgresql', jobId, target, since: '2026-01-01T00:00:00.000Z' }, 'test')
    const waiting = { at: '2026-01-02T00:00:00.000Z', total: 7, estimatedMs: 10, tables: [] }
    await writeWayBack(control, { jobId, waiting, away: null, administrators: ['admin'] })
    const variables = {
      DATABASE_URL: `file:${source.path}`,
      CV_ENCRYPTION_KEY: 'k'.repeat(32),
      NEXTAUTH_SECRET: secret,
      NEXT_PUBLIC_SITE_URL: site,
    }
    const { openSecret } = await import('@/lib/control/secrets')
    container = {
      environment: parseEnvironment(variables, source.folder),
      logger: createLogger('test', 'fatal'),
      control,
      sqlitePath: source.path,
      openTarget: ({ sealedUrl }: { sealedUrl: string }) => openSecret(sealedUrl, secret),
    }
  }, 60_000)
  beforeEach(() => jar.clear())
  afterAll(async () => {
    await control?.close()
    await source?.remove()
  })

  const post = (body: object, headers: Record<string, string> = {}) =>
    new Request(`${site}/api/emergency`, {
      method: 'POST',
      body: JSON.stringify(body),
      headers: { 'content-type': 'application/json', ...headers },
    })
  const look = async () =>
    (await import('@/app/api/emergency/route')).GET(new Request(`${site}/api/emergency`)).then((answer) => answer.json())
  const signIn = async (email: string, given: string, headers = {}) =>
    (await import('@/app/api/emergency/sign-in/route')).POST(post({ email, password: given }, headers))
  const leave = async (headers = {}) => (await import('@/app/api/emergency/switch/route')).POST(post({ confirmation: 'SQLite' }, headers))

  it('says to anybody that there is one, and nothing of it', async () => {
    expect(await look()).toEqual({ status: 'gone', person: null, details: null })
  })

  it('lets in an administrator by the SQLite copy, and nobody else', async () => {
    for (const [email, given] of [
      ['admin@example.org', 'another password'],
      ['plain@example.org', password],
      // An administrator at the switch, and no more when PostgreSQL was last seen.
      ['dismissed@example.org', password],
      ['nobody@example.org', password],
    ] as const) {
      expect([email, (await signIn(email, given)).status]).toEqual([email, 403])
    }
    expect((await signIn('admin@example.org', password, { origin: 'https://elsewhere.example' })).status).toBe(403)
    expect(jar.size).toBe(0)
    expect((await signIn(' Admin@Example.org ', password)).status).toBe(200)
    expect(await look()).toMatchObject({ status: 'gone', person: 'admin@example.org', details: { waiting: { total: 7 } } })
    const audit = (await listAudit(control, 20)).map(({ actor, action }) => `${actor} ${action}`)
    expect(audit).toEqual(expect.arrayContaining(['nobody emergency.refused', 'admin@example.org emergency.signed-in']))
  })

  it('takes no other statement for its own, and none that is old', async () => {
    for (const statement of [
      signRecentAuthentication('admin', new Date(), secret),
      signEmergencyPass('admin', new Date(Date.now() - 11 * 60_000), secret),
      signEmergencyPass('admin', new Date(), 'another secret of thirty-two characters'),
      `${signEmergencyPass('admin', new Date(), secret)}x`,
      '',
    ]) {
      jar.set('cvsite.emergency', statement)
      expect([statement, (await leave()).status]).toEqual([statement, 401])
    }
    expect((await readActiveDatabase(control)).state.status).toBe('on-postgresql')
  })

  it('takes the app to SQLite for who was let in, once, and from its own page', async () => {
    await signIn('admin@example.org', password)
    expect((await leave({ 'sec-fetch-site': 'cross-site' })).status).toBe(403)
    const answer = await leave()
    expect([answer.status, await answer.json()]).toMatchObject([200, { lastKnown: { total: 7 } }])
    expect((await readActiveDatabase(control)).state).toMatchObject({ status: 'on-sqlite', former: { how: 'emergency', jobId } })
    expect(jar.size).toBe(0)
    expect(await look()).toMatchObject({ status: 'elsewhere' })
    expect((await signIn('admin@example.org', password)).status).toBe(409)
  })
})

describe('the list of what stayed behind', () => {
  const row = {
    table: 'User',
    operation: 'updated',
    key: { id: '1' },
    changedOnSqlite: true,
    postgresql: { id: '1', name: '=evil' },
    sqlite: null,
  }
  async function* lines() {
    yield JSON.stringify(row)
    yield ''
  }
  const written = async (format: 'csv' | 'jsonl', withRows: boolean) => {
    let text = ''
    for await (const part of writeLeftBehind(lines(), format, withRows)) text += part
    return text
  }

  it('is keys alone unless contents are asked for, for programs and for spreadsheets', async () => {
    expect(await written('jsonl', false)).toBe('{"table":"User","operation":"updated","key":{"id":"1"},"changedOnSqlite":true}\n')
    expect(await written('csv', false)).toBe('\uFEFFtable,operation,key,changed_on_sqlite\r\nUser,updated,"{""id"":""1""}",yes\r\n')
    expect(JSON.parse(await written('jsonl', true))).toEqual(row)
    expect(await written('csv', true)).toContain('"{""id"":""1"",""name"":""=evil""}",\r\n')
  })

  it('gives every line also to whoever begins to read late', async () => {
    await using folder = await createTemporaryFolder('left-behind')
    const path = join(folder.path, 'list.jsonl')
    await writeFile(path, `${JSON.stringify(row)}\n`.repeat(3))
    const lines = readLines(path)
    // As long as it takes to read the file: what was opened too early would have been given to nobody by now.
    for (let turn = 0; turn < 20; turn += 1) await readFile(path)
    let text = ''
    for await (const part of writeLeftBehind(lines, 'jsonl', false)) text += part
    expect(text.trimEnd().split('\n')).toHaveLength(3)
  })
})
