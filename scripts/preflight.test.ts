import { execFile } from 'node:child_process'
import { existsSync } from 'node:fs'
import { chmod, readFile } from 'node:fs/promises'
import { join, resolve } from 'node:path'
import { afterAll, beforeAll, describe, expect, inject, it } from 'vitest'
import { z } from 'zod'
import { findingSchema } from '@/lib/core/finding'
import { planSchema } from '@/lib/preflight/preflight-result'
import { testSecrets } from '@/tests/support/own-app'
import { createPostgresDatabase, type TestPostgresDatabase } from '@/tests/support/postgres-databases'
import { programArguments } from '@/tests/support/program-arguments'
import { createCvsiteDatabase, createSqliteDatabase, type TestSqliteDatabase } from '@/tests/support/sqlite-databases'

const root = resolve(import.meta.dirname, '..')

/** Runs a command as npm does, from `folder`; answers its exit status and both outputs. */
function run(script: string, args: readonly string[], folder: string, env: Readonly<Record<string, string>> = {}) {
  const { DATABASE_URL: _, TARGET_DATABASE_URL: __, CV_ENCRYPTION_KEY: ___, NEXTAUTH_SECRET: ____, ...inherited } = process.env
  return new Promise<{ status: number; stdout: string; stderr: string }>((done) => {
    const options = { cwd: root, env: { ...inherited, INIT_CWD: folder, ...env }, timeout: 90_000 }
    execFile(process.execPath, [...programArguments(`scripts/${script}.ts`), ...args], options, (error, stdout, stderr) =>
      done({ status: typeof error?.code === 'number' ? error.code : error ? -1 : 0, stdout, stderr }),
    )
  })
}

const jsonSchema = z.object({
  status: z.enum(['succeeded', 'failed']),
  tables: z.array(z.object({ table: z.string(), sourceRows: z.number().nullable() })),
  findings: z.array(findingSchema),
  elapsedMs: z.number(),
  preflight: z.object({ verdict: z.string(), checks: z.array(z.object({ code: z.string(), status: z.string(), what: z.string() })) }),
  plan: planSchema.nullable(),
  targetSchemaSql: z.string().nullable(),
})
const lastLine = (stdout: string) => jsonSchema.parse(JSON.parse(stdout.trimEnd().split('\n').at(-1) ?? ''))

describe('a dry run on the command line', { timeout: 120_000 }, () => {
  let target: TestPostgresDatabase
  let file: TestSqliteDatabase
  let app: TestSqliteDatabase
  let own: Record<string, string>
  beforeAll(async () => {
    target = await createPostgresDatabase({ url: inject('embeddedPostgresUrl') })
    file = await createSqliteDatabase(`CREATE TABLE note (id INTEGER PRIMARY KEY, body TEXT); INSERT INTO note (body) VALUES ('a'), ('b')`)
    await chmod(file.path, 0o600)
    app = await createCvsiteDatabase()
    own = {
      ...testSecrets,
      DATABASE_URL: `file:${app.path}`,
      CONTROL_DATABASE_URL: `file:${join(app.folder, 'control.db')}`,
      CV_DATA_DIR: join(app.folder, 'cv_data'),
      DATA_DIR: join(app.folder, 'data'),
      NEXT_PUBLIC_SITE_URL: 'http://localhost:3000',
    }
  })
  afterAll(async () => {
    await Promise.all([target.drop(), file.remove(), app.remove()])
  })

  it('groups the checks, prints plan and verdict, puts the SQL where it is asked to, and exits with 0', async () => {
    const args = ['--source', 'file:./app.db', '--target', target.url, '--dry-run', '--sql', 'target.sql']
    const { status, stdout } = await run('migrate-to-postgres', args, file.folder)
    expect(stdout).toMatch(/^Source\n {2}✓ SQLite file: /)
    expect(stdout).toContain('what belongs to an app is left out')
    expect(stdout).toMatch(/ 1 {2}note +2 /)
    expect(stdout).toMatch(/READY.*\n.* 0 failed/)
    expect(await readFile(join(file.folder, 'target.sql'), 'utf8')).toContain('CREATE TABLE "public"."note"')
    expect(stdout).not.toContain('CREATE TABLE')
    expect(status).toBe(0)
  })

  it('shows plan and SQL, or puts it where it is asked to, beside a repair that was chosen too', async () => {
    const args = ['--source', 'file:./app.db', '--target', target.url, '--dry-run', '--fix', 'orphans=delete']
    const [shown, written] = await Promise.all([
      run('migrate-to-postgres', args, file.folder),
      run('migrate-to-postgres', [...args, '--sql', 'repaired.sql'], file.folder),
    ])
    expect(shown.stdout).toContain('CREATE TABLE "public"."note"')
    expect(shown.stdout).toMatch(/Plan\n.*\n {4}1 {2}note +2 /)
    expect(await readFile(join(file.folder, 'repaired.sql'), 'utf8')).toContain('CREATE TABLE "public"."note"')
    expect(written.stdout).not.toContain('CREATE TABLE')
  })

  it('finds missing keys of the app’s own environment, answers one JSON object, and exits with 1', async () => {
    const { CV_ENCRYPTION_KEY: _, ...keyless } = own
    const { status, stdout } = await run('migrate-to-postgres', ['--target', target.url, '--dry-run', '--json'], app.folder, {
      ...keyless,
      CV_ENCRYPTION_KEY: '',
    })
    const result = lastLine(stdout)
    expect(result).toMatchObject({ status: 'failed', preflight: { verdict: 'not-ready' } })
    expect(result.findings.map(({ code, severity }) => `${severity} ${code}`)).toContain('blocks SECRETS_CV_KEY_MISSING')
    expect(result.tables.find(({ table }) => table === 'User')).toMatchObject({ sourceRows: 0 })
    expect(result.targetSchemaSql).toContain('CREATE TABLE "User"')
    expect(status).toBe(1)
    // Asking makes nothing: no control store, no work folder.
    expect([existsSync(join(app.folder, 'control.db')), existsSync(join(app.folder, 'data'))]).toEqual([false, false])
  })

  it('exits with 1 for a server that is not there, and with 2 for an address that is none', async () => {
    const [away, wrong] = await Promise.all([
      run('preflight', ['--target', 'postgresql://me:geheim@127.0.0.1:9/db', '--json'], app.folder, own),
      run('preflight', ['--target', 'mysql://nobody'], app.folder, own),
    ])
    expect(lastLine(away.stdout).preflight.verdict).toBe('not-ready')
    expect(`${away.stdout}${away.stderr}`).not.toContain('geheim')
    expect([away.status, wrong.status]).toEqual([1, 2])
  })

  it('prints fingerprints that can be compared, and no key', async () => {
    const { status, stdout } = await run('preflight', ['--fingerprints'], app.folder, own)
    expect(stdout).toMatch(/^CV_ENCRYPTION_KEY {2}([0-9a-f]{4}-){3}[0-9a-f]{4}\nNEXTAUTH_SECRET {4}([0-9a-f]{4}-){3}[0-9a-f]{4}\n$/)
    expect(stdout).not.toContain(testSecrets.CV_ENCRYPTION_KEY)
    expect(status).toBe(0)
  })
})
