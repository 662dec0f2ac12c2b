import { type ChildProcess, spawn, spawnSync } from 'node:child_process'
import { once } from 'node:events'
import { readdir } from 'node:fs/promises'
import { join } from 'node:path'
import { text } from 'node:stream/consumers'
import Database from 'better-sqlite3'
import { describe, expect, inject, it, vi } from 'vitest'
import { readActiveDatabase } from '@/lib/control/active-database'
import { openControlStore } from '@/lib/control/control-store'
import { testSecrets } from '@/tests/support/own-app'
import { createPostgresDatabase, withPostgres } from '@/tests/support/postgres-databases'
import { programArguments } from '@/tests/support/program-arguments'
import { createCvsiteDatabase, createSqliteDatabase } from '@/tests/support/sqlite-databases'

const root = join(import.meta.dirname, '..')
const rows = 300_000
const [server] = inject('postgresServers')

it('ends quietly when whoever reads its output has stopped', () => {
  const command = [process.execPath, ...programArguments('scripts/migrate-to-postgres.ts'), '--help'].map((part) => `'${part}'`).join(' ')
  const ran = spawnSync('sh', ['-c', `{ ${command}; echo "exit $?" >&2; } | true`], { cwd: root, encoding: 'utf8' })
  expect(ran.stderr).toBe('exit 0\n')
})

describe('migrate:postgres, killed in mid-copy', () => {
  it('goes on when the same command is run again, says so, and leaves no files', { timeout: 180_000 }, async () => {
    if (!server) throw new Error('no server')
    await using source = await createSource()
    await using target = await createPostgresDatabase(server)
    const dataDir = join(source.folder, 'data')
    await killWithRowsCopied(start(source.path, target.url, dataDir), target.url)
    const again = start(source.path, target.url, dataDir)
    const [output, , [status]] = await Promise.all([text(again.stdout), text(again.stderr), once(again, 'exit')])
    expect(output).toContain('heed the case of letters')
    expect(status).toBe(0)
    expect(output).toMatch(/Resumed: [\d,  ]+ rows had been copied/)
    expect(await readdir(dataDir)).toEqual([])
    const count = await withPostgres(target.url, (client) =>
      client.query('SELECT count(*)::int AS n, count(DISTINCT id)::int AS ids FROM narrow'),
    )
    expect(count.rows).toEqual([{ n: rows, ids: rows }])
  })

  it('begins anew when the file was written to since, and says why', { timeout: 180_000 }, async () => {
    if (!server) throw new Error('no server')
    await using source = await createSource()
    await using target = await createPostgresDatabase(server)
    const dataDir = join(source.folder, 'data')
    await killWithRowsCopied(start(source.path, target.url, dataDir), target.url)
    const db = new Database(source.path)
    db.exec(`INSERT INTO narrow VALUES (0, 0)`)
    db.close()
    const again = start(source.path, target.url, dataDir)
    const [output, told, [status]] = await Promise.all([text(again.stdout), text(again.stderr), once(again, 'exit')])
    expect(status).toBe(0)
    expect(told).toContain('may have been changed since. The migration begins anew')
    expect(output).not.toContain('Resumed')
    expect(await readdir(dataDir)).toEqual([])
    const count = await withPostgres(target.url, (client) => client.query('SELECT count(*)::int AS n FROM narrow'))
    expect(count.rows).toEqual([{ n: rows + 1 }])
  })
})

describe('migrate:postgres of the app’s own database, killed in mid-copy', () => {
  it('goes on when the same command is run again; the app stays read-only meanwhile, and the copy is ready in the end', {
    timeout: 240_000,
  }, async () => {
    if (!server) throw new Error('no server')
    await using app = await createCvsiteDatabase()
    await using target = await createPostgresDatabase(server)
    const db = new Database(app.path)
    db.exec(`WITH RECURSIVE n(i) AS (SELECT 1 UNION ALL SELECT i + 1 FROM n WHERE i < ${rows})
      INSERT INTO "TelemetryEvent" ("sessionId", type, timestamp) SELECT 's', 'seen', '2026-01-01T00:00:00.000+00:00' FROM n`)
    db.close()
    const env = {
      ...testSecrets,
      DATABASE_URL: `file:${app.path}`,
      CONTROL_DATABASE_URL: `file:${join(app.folder, 'control.db')}`,
      DATA_DIR: join(app.folder, 'data'),
      CV_DATA_DIR: join(app.folder, 'cv_data'),
      NEXT_PUBLIC_SITE_URL: 'http://localhost:3000',
    }
    await killWithRowsCopied(run(['--target', target.url], env), target.url)
    const write = () => {
      const writer = new Database(app.path)
      try {
        writer.exec(`UPDATE "TelemetryEvent" SET type = 'changed' WHERE id = 1`)
      } finally {
        writer.close()
      }
    }
    expect(write).toThrow('BASCULE_FENCED')
    const again = run(['--target', target.url], env)
    const [output, told, [status]] = await Promise.all([text(again.stdout), text(again.stderr), once(again, 'exit')])
    expect(status, output + told).toBe(0)
    expect(output).toMatch(/Resumed: [\d,  ]+ rows had been copied/)
    expect(write).toThrow('BASCULE_FENCED')
    const store = await openControlStore(join(app.folder, 'control.db'))
    expect((await readActiveDatabase(store)).state).toMatchObject({ status: 'ready-to-switch' })
    await store.close()
    const count = await withPostgres(target.url, (client) =>
      client.query('SELECT count(*)::int AS n, count(DISTINCT id)::int AS ids FROM "TelemetryEvent"'),
    )
    expect(count.rows).toEqual([{ n: rows, ids: rows }])
  })
})

/** More rows than one chunk, and small tables, which are each a chunk of their own. */
function createSource() {
  const small = Array.from({ length: 12 }, (_, index) => `CREATE TABLE t${index} (v INTEGER); INSERT INTO t${index} VALUES (1);`)
  return createSqliteDatabase(`CREATE TABLE narrow (id INTEGER PRIMARY KEY, v INTEGER); ${small.join(' ')}
    WITH RECURSIVE n(i) AS (SELECT 1 UNION ALL SELECT i + 1 FROM n WHERE i < ${rows}) INSERT INTO narrow SELECT i, i % 7 FROM n;`)
}

function start(source: string, target: string, dataDir: string) {
  return run(['--source', `file:${source}`, '--target', target], { DATA_DIR: dataDir })
}

function run(args: readonly string[], given: Readonly<Record<string, string>>) {
  const { DATABASE_URL: _, TARGET_DATABASE_URL: __, ...inherited } = process.env
  const command = [...programArguments('scripts/migrate-to-postgres.ts'), ...args]
  return spawn(process.execPath, command, { cwd: root, env: { ...inherited, ...given }, stdio: ['ignore', 'pipe', 'pipe'] })
}

async function killWithRowsCopied(child: ChildProcess, targetUrl: string): Promise<void> {
  const exited = once(child, 'exit')
  await withPostgres(targetUrl, (client) =>
    vi.waitFor(
      async () => {
        const { rows: found } = await client.query('SELECT 1 FROM bascule.chunk WHERE rows > 0')
        expect(found).not.toEqual([])
      },
      { timeout: 60_000, interval: 5 },
    ),
  )
  child.kill('SIGKILL')
  expect((await exited)[1]).toBe('SIGKILL')
}
