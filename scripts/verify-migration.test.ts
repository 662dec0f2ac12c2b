import { execFile } from 'node:child_process'
import { join, resolve } from 'node:path'
import { afterAll, beforeAll, describe, expect, inject, it } from 'vitest'
import { verificationResultSchema } from '@/lib/verification/verification-result'
import { createPostgresDatabase, type TestPostgresDatabase, withPostgres } from '@/tests/support/postgres-databases'
import { programArguments } from '@/tests/support/program-arguments'
import { createSqliteDatabase, type TestSqliteDatabase } from '@/tests/support/sqlite-databases'

const root = resolve(import.meta.dirname, '..')

/** Runs the command as npm does, from `folder`; answers its exit status and both outputs. */
function run(
  args: readonly string[],
  folder: string,
  env: Readonly<Record<string, string>> = {},
): Promise<{ status: number; stdout: string; stderr: string }> {
  const { DATABASE_URL: _, TARGET_DATABASE_URL: __, ...inherited } = process.env
  return new Promise((done) => {
    const options = { cwd: root, env: { ...inherited, LC_ALL: 'C', INIT_CWD: folder, ...env }, timeout: 60_000 }
    execFile(process.execPath, [...programArguments('scripts/verify-migration.ts'), ...args], options, (error, stdout, stderr) =>
      done({ status: typeof error?.code === 'number' ? error.code : error ? -1 : 0, stdout, stderr }),
    )
  })
}

describe('verify:migration', { timeout: 120_000 }, () => {
  let source: TestSqliteDatabase
  let target: TestPostgresDatabase
  beforeAll(async () => {
    const tables = (
      text: string,
    ) => `CREATE TABLE "User" (id INTEGER PRIMARY KEY, name ${text}); INSERT INTO "User" VALUES (1, 'Ada'), (2, 'Bob');
      CREATE TABLE "CvFile" (id INTEGER PRIMARY KEY); CREATE TABLE "OpenAIUsage" (id INTEGER PRIMARY KEY); INSERT INTO "OpenAIUsage" VALUES (7);
      CREATE TABLE "Other" (id INTEGER PRIMARY KEY);`
    source = await createSqliteDatabase(tables('TEXT'))
    target = await createPostgresDatabase({ url: inject('embeddedPostgresUrl') })
    await withPostgres(target.url, (client) => client.query(tables('text')))
  })
  afterAll(async () => {
    await source.remove()
    await target.drop()
  })

  it('prints the list of the guide and exits with 0 when all is identical', async () => {
    const { status, stdout } = await run(['--source', 'file:./app.db', '--target', target.url], source.folder)
    expect(stdout.split('\n')).toEqual([
      '✅ users                     : 2',
      '✅ cvFiles                   : 0',
      '✅ openAIUsage               : 1',
      '✅ Other                     : 0',
      '',
      '🎉 Migration réussie!',
      "📦 Total d'enregistrements: 3",
      '',
    ])
    expect(status).toBe(0)
  })

  it('names what differs, gives one JSON object and exits with 1', async () => {
    await withPostgres(target.url, (client) => client.query(`UPDATE "User" SET name = 'Ada ' WHERE id = 1; DELETE FROM "OpenAIUsage"`))
    const args = ['--source', source.path, '--target', target.url]
    const human = await run(args, root)
    expect(human.status).toBe(1)
    expect(human.stdout).toContain('❌ users                     : 2 (1 difference)\n     id=1 · name: differs\n')
    expect(human.stdout).toContain('❌ openAIUsage               : 1 → 0 (1 difference)\n     id=7: only in the source\n')
    expect(human.stdout).not.toContain('réussie')
    const json = await run([...args, '--json'], root)
    expect(json.status).toBe(1)
    const result = verificationResultSchema.parse(JSON.parse(json.stdout.trimEnd().split('\n').at(-1) ?? ''))
    expect(result.tables.find(({ table }) => table === 'User')?.differences).toEqual([
      { key: { id: '1' }, column: 'name', kind: 'value-differs' },
    ])
  })

  it('copies what differs again when asked to, and is well then', async () => {
    const args = ['--source', source.path, '--target', target.url]
    const { status, stdout, stderr } = await run([...args, '--recopy', '--json'], root, { LC_ALL: 'en_GB.UTF-8' })
    expect(stderr).toContain('User: 1 copied again, 0 removed')
    const result = JSON.parse(stdout.trimEnd().split('\n').at(-1) ?? '')
    expect(result).toMatchObject({
      status: 'succeeded',
      tables: expect.arrayContaining([expect.objectContaining({ table: 'User', key: 'users' })]),
    })
    expect(status).toBe(0)
    const human = await run(args, root, { LC_ALL: 'en_GB.UTF-8' })
    expect(human.stdout).toContain('🎉 Migration réussie!\n   Migration successful: nothing differs.\n')
  })

  it('exits with 1 and says why when a database cannot be read', async () => {
    const missing = await run(['--source', 'file:./nowhere.db', '--target', target.url, '--json'], source.folder)
    expect(missing.status).toBe(1)
    expect(JSON.parse(missing.stdout)).toMatchObject({ status: 'failed', error: { code: 'SOURCE_MISSING' } })
    const wrong = new URL(target.url)
    wrong.password = 'not-the-password'
    const refused = await run(['--source', source.path, '--target', wrong.href, '--json'], root)
    expect(refused.status).toBe(1)
    expect(JSON.parse(refused.stdout)).toMatchObject({ status: 'failed', error: { code: 'TARGET_PASSWORD_REFUSED' } })
    expect(refused.stdout + refused.stderr).not.toContain('not-the-password')
  })

  it('exits with 2 for wrong usage and missing configuration', async () => {
    expect(await run(['--nonsense'], root)).toMatchObject({ status: 2 })
    expect(await run(['--source', source.path, '--target', 'mysql://example.org/db'], root)).toMatchObject({ status: 2 })
    expect(await run(['--source', 'postgresql://example.org/db', '--target', target.url], root)).toMatchObject({ status: 2 })
    expect(
      await run(['--source', source.path, '--target', target.url, '--schema', join(source.folder, 'none.prisma')], root),
    ).toMatchObject({ status: 2 })
    const unconfigured = await run(['--source', source.path], root, { NEXTAUTH_SECRET: '', CV_ENCRYPTION_KEY: 'short' })
    expect(unconfigured.status).toBe(2)
    expect(unconfigured.stderr).toContain('NEXTAUTH_SECRET')
  })
})
