import { spawn } from 'node:child_process'
import { once } from 'node:events'
import { join } from 'node:path'
import { text } from 'node:stream/consumers'
import Database from 'better-sqlite3'
import { expect, inject, it } from 'vitest'
import { readActiveDatabase } from '@/lib/control/active-database'
import { openControlStore } from '@/lib/control/control-store'
import { migrationResultSchema } from '@/lib/migration/migration-result'
import { testSecrets } from '@/tests/support/own-app'
import { createPostgresDatabase, withPostgres } from '@/tests/support/postgres-databases'
import { programArguments } from '@/tests/support/program-arguments'
import { createCvsiteDatabase } from '@/tests/support/sqlite-databases'

const root = join(import.meta.dirname, '..')
const [server] = inject('postgresServers')

function start(args: readonly string[], env: Readonly<Record<string, string>>) {
  const { DATABASE_URL: _, TARGET_DATABASE_URL: __, ...inherited } = process.env
  return spawn(process.execPath, [...programArguments('scripts/migrate-to-postgres.ts'), ...args, '--json'], {
    cwd: root,
    env: { ...inherited, ...env },
    stdio: ['ignore', 'pipe', 'pipe'],
  })
}

it('migrate:postgres --live leaves the app writing, and its copy ready to be followed; with --source it is refused', {
  timeout: 240_000,
}, async () => {
  if (!server) throw new Error('no server')
  await using app = await createCvsiteDatabase()
  await using target = await createPostgresDatabase(server)
  const control = `file:${join(app.folder, 'control.db')}`
  const env = {
    ...testSecrets,
    DATABASE_URL: `file:${app.path}`,
    CONTROL_DATABASE_URL: control,
    DATA_DIR: join(app.folder, 'data'),
    CV_DATA_DIR: join(app.folder, 'cv_data'),
    NEXT_PUBLIC_SITE_URL: 'http://localhost:3000',
  }
  const db = new Database(app.path)
  const addUser = (id: string) =>
    db
      .prepare(`INSERT INTO "User" (id, email, "passwordHash", "updatedAt") VALUES (?, ?, 'x', '2026-01-01T00:00:00.000+00:00')`)
      .run(id, `${id}@example.org`)
  const running = start(['--live', '--target', target.url], env)
  let written = 0
  // Whenever it says something, somebody writes.
  running.stderr.on('data', () => addUser(`meanwhile-${written++}`))
  const [output, [status]] = await Promise.all([text(running.stdout), once(running, 'exit')])
  expect(status, output).toBe(0)
  const result = migrationResultSchema.parse(JSON.parse(output.trim().split('\n').at(-1) ?? ''))
  expect(result.error, output).toBeUndefined()
  expect(written).toBeGreaterThan(0)
  expect(result.tables.every(({ content }) => content === 'identical')).toBe(true)
  const store = await openControlStore(join(app.folder, 'control.db'))
  expect((await readActiveDatabase(store)).state).toMatchObject({ status: 'ready-to-switch', mode: 'live' })
  await store.close()
  addUser('still-writing')
  db.close()
  const users = await withPostgres(target.url, async (client) => (await client.query(`SELECT count(*)::int AS n FROM "User"`)).rows[0].n)
  expect(users).toBeGreaterThan(0)
  expect(users).toBeLessThanOrEqual(written)

  const refused = start(['--live', '--source', `file:${app.path}`, '--target', target.url], env)
  const [told, [refusal]] = await Promise.all([text(refused.stdout), once(refused, 'exit'), text(refused.stderr)])
  expect(refusal).toBe(2)
  expect(told).toContain('--live is for the app')
})
