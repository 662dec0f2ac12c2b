import { type ChildProcess, spawn } from 'node:child_process'
import { once } from 'node:events'
import { readdir } from 'node:fs/promises'
import { join } from 'node:path'
import { text } from 'node:stream/consumers'
import Database from 'better-sqlite3'
import { describe, expect, inject, it, vi } from 'vitest'
import { createPostgresDatabase, withPostgres } from '@/tests/support/postgres-databases'
import { createSqliteDatabase } from '@/tests/support/sqlite-databases'

const root = join(import.meta.dirname, '..')
const rows = 300_000
const [server] = inject('postgresServers')

describe('migrate:postgres, killed in mid-copy', () => {
  it('goes on when the same command is run again, says so, and leaves no files', { timeout: 180_000 }, async () => {
    if (!server) throw new Error('no server')
    await using source = await createSource()
    await using target = await createPostgresDatabase(server)
    const dataDir = join(source.folder, 'data')
    await killWithRowsCopied(start(source.path, target.url, dataDir), target.url)
    const again = start(source.path, target.url, dataDir)
    const [output, , [status]] = await Promise.all([text(again.stdout), text(again.stderr), once(again, 'exit')])
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

/** More rows than one chunk, and small tables, which are each a chunk of their own. */
function createSource() {
  const small = Array.from({ length: 12 }, (_, index) => `CREATE TABLE t${index} (v INTEGER); INSERT INTO t${index} VALUES (1);`)
  return createSqliteDatabase(`CREATE TABLE narrow (id INTEGER PRIMARY KEY, v INTEGER); ${small.join(' ')}
    WITH RECURSIVE n(i) AS (SELECT 1 UNION ALL SELECT i + 1 FROM n WHERE i < ${rows}) INSERT INTO narrow SELECT i, i % 7 FROM n;`)
}

function start(source: string, target: string, dataDir: string) {
  const command = ['--import', 'tsx', join(root, 'scripts/migrate-to-postgres.ts'), '--source', `file:${source}`, '--target', target]
  return spawn(process.execPath, command, { cwd: root, env: { ...process.env, DATA_DIR: dataDir }, stdio: ['ignore', 'pipe', 'pipe'] })
}

async function killWithRowsCopied(child: ChildProcess, targetUrl: string): Promise<void> {
  const exited = once(child, 'exit')
  await withPostgres(targetUrl, (client) =>
    vi.waitFor(
      async () => {
        const { rows: found } = await client.query('SELECT count(*)::int AS n FROM bascule.chunk')
        expect(found).not.toEqual([{ n: 0 }])
      },
      { timeout: 60_000, interval: 5 },
    ),
  )
  child.kill('SIGKILL')
  expect((await exited)[1]).toBe('SIGKILL')
}
