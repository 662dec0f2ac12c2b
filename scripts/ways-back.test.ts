import { execFile } from 'node:child_process'
import { existsSync, readFileSync, statSync } from 'node:fs'
import { join } from 'node:path'
import { promisify } from 'node:util'
import { expect, inject, it } from 'vitest'
import { initialiseActiveDatabase, readActiveDatabase, transitionActiveDatabase } from '@/lib/control/active-database'
import { openControlStore } from '@/lib/control/control-store'
import { sealSecret } from '@/lib/control/secrets'
import { cutOver } from '@/lib/migration/cut-over'
import { migrateDatabase } from '@/lib/migration/migrate-database'
import { createTcpProxy } from '@/lib/migration/testing/tcp-proxy'
import { raiseFence } from '@/lib/sqlite/fence'
import { openSqlite } from '@/lib/sqlite/open-database'
import { testSecrets } from '@/tests/support/own-app'
import { createPostgresDatabase, withPostgres } from '@/tests/support/postgres-databases'
import { programArguments } from '@/tests/support/program-arguments'
import { createSqliteDatabase } from '@/tests/support/sqlite-databases'

const root = join(import.meta.dirname, '..')
const never = new AbortController().signal

interface Answer {
  readonly status: number
  readonly result: { readonly status: string; readonly [name: string]: unknown }
  readonly said: string
}

it('the commands of the emergency, of the list of what stayed behind, and of the end', {
  timeout: 400_000,
}, async () => {
  await using source = await createSqliteDatabase(
    `PRAGMA journal_mode = WAL; CREATE TABLE author (id INTEGER PRIMARY KEY, name TEXT); INSERT INTO author VALUES (1, 'one')`,
  )
  await using database = await createPostgresDatabase({ url: inject('embeddedPostgresUrl') })
  await using proxy = await createTcpProxy(database.url)
  const controlPath = join(source.folder, 'control.db')
  const dataDir = join(source.folder, 'data')
  const env = {
    ...testSecrets,
    DATABASE_URL: `file:${source.path}`,
    CONTROL_DATABASE_URL: `file:${controlPath}`,
    DATA_DIR: dataDir,
    CV_DATA_DIR: join(source.folder, 'cv_data'),
    NEXT_PUBLIC_SITE_URL: 'http://localhost:3000',
  }
  const run = async (script: string, ...args: string[]): Promise<Answer> => {
    const { TARGET_DATABASE_URL: _, ...inherited } = process.env
    const command = [...programArguments(`scripts/${script}`), ...args, '--json']
    const ran = promisify(execFile)(process.execPath, command, { cwd: root, env: { ...inherited, ...env } })
    const { stdout, stderr, code } = await ran.then(
      (done) => ({ ...done, code: 0 }),
      (failed: { stdout: string; stderr: string; code: number }) => failed,
    )
    return { status: code, result: JSON.parse(stdout.trim().split('\n').at(-1) ?? '{}'), said: stderr }
  }
  const store = await openControlStore(controlPath)
  const state = async () => (await readActiveDatabase(store)).state
  try {
    const target = { sealedUrl: sealSecret(proxy.url, testSecrets.NEXTAUTH_SECRET), label: 'app@server' }
    await initialiseActiveDatabase(store, { status: 'on-sqlite' }, 'test')
    const jobId = 'commands'
    const options = { jobId, sourcePath: source.path, targetUrl: proxy.url, workDir: source.folder, model: { kind: 'introspect' as const } }
    const copied = await migrateDatabase({ ...options, fenceSource: true, setAside: false, dryRun: false }, () => undefined, never)
    expect(copied.error).toBeUndefined()
    const on = { status: 'on-postgresql', jobId, target, since: '2026-01-01T00:00:00.000Z' } as const
    await cutOver(
      options,
      async () => void (await transitionActiveDatabase(store, { from: 1, to: on, actor: 'test' })),
      () => undefined,
      never,
    )
    await withPostgres(database.url, (client) => client.query(`INSERT INTO author VALUES (2, 'two')`))

    await proxy.shut()
    const left = await run('rollback-to-sqlite.ts', '--emergency', '--yes')
    expect([left.status, left.said]).toEqual([0, expect.stringContaining('how much that is is not known')])
    expect(await state()).toMatchObject({ status: 'on-sqlite', former: { how: 'emergency' } })

    await proxy.open()
    const path = join(source.folder, 'left.jsonl')
    const listed = await run('rollback-to-sqlite.ts', '--left-behind', path)
    expect([listed.status, listed.result], listed.said).toMatchObject([0, { left: { total: 1 }, file: path }])
    expect(JSON.parse(readFileSync(path, 'utf8'))).toMatchObject({
      table: 'author',
      operation: 'inserted',
      postgresql: { id: '2', name: 'two' },
    })
    expect(statSync(path).mode & 0o077).toBe(0)

    // As if it had been migrated anew: the same database, kept for good.
    await withPostgres(database.url, (client) => client.query(`UPDATE bascule.mark SET state = 'switched'`))
    const { version } = await readActiveDatabase(store)
    await transitionActiveDatabase(store, { from: version, to: on, actor: 'test' })
    const db = openSqlite(source.path)
    raiseFence(db, 'moved', 'moved')
    db.close()
    const kept = await run('keep-postgres.ts', '--yes', '--remove-original')
    expect([kept.status, kept.result.status], kept.said).toEqual([0, 'succeeded'])
    expect(await state()).toMatchObject({
      status: 'on-postgresql',
      jobId: null,
      finished: { jobId, archive: expect.stringContaining(join(dataDir, 'archive')) },
    })
    expect(existsSync(source.path)).toBe(false)
  } finally {
    await store.close()
  }
})
