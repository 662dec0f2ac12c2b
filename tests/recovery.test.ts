import { execFile, type SpawnSyncReturns, spawnSync } from 'node:child_process'
import { mkdir, readdir, readFile, rm, writeFile } from 'node:fs/promises'
import { join } from 'node:path'
import { promisify } from 'node:util'
import { afterEach, beforeEach, describe, expect, inject, it } from 'vitest'
import type { BackupView } from '@/lib/backup/backup-view'
import type { PostgresFormat } from '@/lib/backup/database-snapshot'
import { saveDestination } from '@/lib/backup/destinations/destination-store'
import { generateKeyPair, saveKeyPolicy } from '@/lib/backup/key-policy'
import { type BackupSetup, makeBackup } from '@/lib/backup/make-backup'
import { recoveryCommands } from '@/lib/backup/recovery-commands'
import { type RecoveryKitOptions, recoveryKit } from '@/lib/backup/recovery-kit'
import { type ControlStore, openControlStore } from '@/lib/control/control-store'
import type { AppError } from '@/lib/core/errors'
import { installSystemPackages } from '@/scripts/bootstrap.mjs'
import { createTestBackupSetup, insertCvsIntoPostgres, insertCvsIntoSqlite, type TestCv, writeCvs } from '@/tests/support/backup-source'
import { testCvKey } from '@/tests/support/cvsite-app'
import { createPostgresDatabase, databaseUrl, withPostgres } from '@/tests/support/postgres-databases'
import { startS3Server, testAccessKey, testBucket } from '@/tests/support/s3/s3-server'
import { createCvsiteDatabase, type TestSqliteDatabase } from '@/tests/support/sqlite-databases'

/** Debian's packages of the programs that the page names; installed when this runs as root and one is missing. */
const programs = {
  tar: 'tar',
  gzip: 'gzip',
  age: 'age',
  sha256sum: 'coreutils',
  sqlite3: 'sqlite3',
  psql: 'postgresql-client',
  rclone: 'rclone',
} as const
const never = new AbortController().signal
const ignore = () => undefined
const passphrase = 'four words in a row'
const master = 'a secret of at least thirty-two characters'

const has = (program: string) => spawnSync(program, ['--version'], { stdio: 'ignore' }).error === undefined
const missing = Object.entries(programs).filter(([program]) => !has(program))
// As root on Debian they are installed; elsewhere what is there is tested, and the error names the rest.
if (missing.length > 0) installSystemPackages([...new Set(missing.map(([, name]) => name))], 'follow docs/recovery.md', console.error)

let database: TestSqliteDatabase
let store: ControlStore
let setup: BackupSetup
let cvs: readonly TestCv[]
let commands: ReadonlyMap<string, string>
let out: string

beforeEach(async () => {
  database = await createCvsiteDatabase()
  store = await openControlStore(join(database.folder, 'control.db'))
  setup = createTestBackupSetup(database.folder, store, database.path)
  cvs = await writeCvs(setup.files.folder, 4)
  insertCvsIntoSqlite(database.path, cvs)
  await writeFile(setup.environmentPath, 'SECRET=1\n')
  out = join(database.folder, 'recovered')
  await mkdir(out)
  const page = await readFile(join(import.meta.dirname, '../docs/recovery.md'), 'utf8')
  commands = new Map([...page.matchAll(/```sh test:([\w-]+)\n([\s\S]*?)```/g)].map(([, name = '', text = '']) => [name, text]))
})
afterEach(async () => {
  await store.close()
  await database.remove()
})

/** Runs a block of the page as a shell would, in the folder of the recovery. */
function follow(name: string, environment: Record<string, string>, interactive = false): SpawnSyncReturns<string> {
  const block = commands.get(name)
  if (block === undefined) throw new Error(`docs/recovery.md has no block ${name}`)
  const script = `set -e -o pipefail\n${block}`
  const env = { NODE_ENV: 'test' as const, PATH: process.env.PATH ?? '', LC_ALL: 'C', ...environment }
  // age reads a passphrase from the terminal alone: script(1) gives it one.
  const run = interactive
    ? spawnSync('script', ['--quiet', '--return', '--command', `bash -c '${script.replaceAll("'", `'\\''`)}'`, '/dev/null'], {
        cwd: out,
        env,
        encoding: 'utf8',
        input: `${passphrase}\n`,
      })
    : spawnSync('bash', ['-c', script], { cwd: out, env, encoding: 'utf8' })
  expect([name, run.status, run.stderr]).toEqual([name, 0, expect.anything()])
  return run
}

/** The same without holding up this process, in which the S3 server lives. */
async function followAside(name: string, environment: Record<string, string>): Promise<void> {
  const block = commands.get(name)
  if (block === undefined) throw new Error(`docs/recovery.md has no block ${name}`)
  const env = { NODE_ENV: 'test' as const, PATH: process.env.PATH ?? '', LC_ALL: 'C', ...environment }
  await promisify(execFile)('bash', ['-c', `set -e -o pipefail\n${block}`], { cwd: out, env })
}

const make = (
  source: BackupSetup['source'] = setup.source,
  format: PostgresFormat = 'auto',
  includeEnvironment = false,
): Promise<BackupView> =>
  makeBackup(
    { ...setup, source },
    { origin: 'manual', requestedBy: 'admin', jobId: null, holder: 'test', format, includeEnvironment },
    ignore,
    never,
  )

const unescapeHtml = (html: string) =>
  html.replaceAll('&lt;', '<').replaceAll('&gt;', '>').replaceAll('&quot;', '"').replaceAll('&#39;', "'").replaceAll('&amp;', '&')

const archive = (backup: BackupView) => ({ ARCHIVE: join(setup.folder, backup.fileName ?? '') })

describe('docs/recovery.md, followed to the letter', () => {
  it('every block of commands is followed here', () => {
    const names = [
      'fetch-rclone',
      'fetch-aws',
      'open-none',
      'open-passphrase',
      'open-recipients',
      'check',
      'sqlite',
      'custom',
      'plain',
      'portable',
      'files',
      'read-file',
    ]
    expect([...commands.keys()]).toEqual(names)
  })

  it('the recovery kit prints the same commands, and needs no other page', () => {
    for (const [name, text] of Object.entries(recoveryCommands)) expect([name, commands.get(name)?.trimEnd()]).toEqual([name, text])
    const place = { kind: 's3', endpoint: null, region: 'eu-west-3', bucket: 'copies', prefix: 'app', pathStyle: false } as const
    const bucket = { id: 'b', name: 'Bucket', enabled: true, retention: null, changedAt: new Date(0).toISOString() }
    const options: Omit<RecoveryKitOptions, 'locale'> = {
      siteUrl: 'https://cv.example.org',
      folder: '/srv/backups',
      destinations: [{ ...bucket, place: { ...place, accessKeyId: 'AKIA0' } }],
      fileKey: testCvKey,
      createdAt: new Date(0),
      identity: 'AGE-SECRET-KEY-1TEST',
      encryption: { kind: 'recipients', recipients: ['age1test'] },
    }
    for (const locale of ['en', 'fr'] as const) {
      const kit = unescapeHtml(recoveryKit({ ...options, locale }))
      expect(kit).not.toContain('docs/')
      for (const fact of ['AGE-SECRET-KEY-1TEST', testCvKey.toString('base64'), 'https://s3.eu-west-3.amazonaws.com', 'copies/app'])
        expect(kit).toContain(fact)
      const { 'open-passphrase': other, ...printed } = recoveryCommands
      expect(kit).not.toContain(other)
      for (const commands of Object.values(printed)) expect(kit).toContain(`<pre>${commands}</pre>`)
    }
  })

  it('SQLite, not encrypted: database, files, and one file read without the app', async () => {
    const backup = await make()
    follow('open-none', archive(backup))
    expect(follow('check', {}).stdout.trim().split('\n')).toEqual(expect.arrayContaining([expect.stringMatching(/app\.db: OK$/)]))
    expect(follow('sqlite', {}).stdout.trim()).toBe('ok')
    const counted = spawnSync('sqlite3', [join(out, 'database/app.db'), 'SELECT count(*) FROM "CvFile"'], { encoding: 'utf8' })
    expect(counted.stdout.trim()).toBe('4')
    const target = join(database.folder, 'new/cv_data')
    follow('files', { CV_DATA_DIR: target })
    expect((await readdir(target, { recursive: true })).filter((name) => name.endsWith('.cv'))).toHaveLength(4)
    const [first] = cvs as [TestCv]
    expect(follow('read-file', { KEY: testCvKey.toString('base64'), NAME: first.storagePath }).stdout).toContain(
      'curriculum vitae number 0 é👍',
    )
  })

  it.runIf(has('script'))('encrypted with a passphrase, .env in it', async () => {
    await saveKeyPolicy(store, { kind: 'passphrase', passphrase }, master, 'admin')
    const backup = await make(setup.source, 'auto', true)
    follow('open-passphrase', archive(backup), true)
    follow('check', {})
    expect(await readFile(join(out, '.env'), 'utf8')).toBe('SECRET=1\n')
    expect(follow('sqlite', {}).stdout.trim()).toBe('ok')
  })

  it('encrypted for a public key', async () => {
    const pair = await generateKeyPair()
    await saveKeyPolicy(store, { kind: 'recipients', recipients: [pair.recipient] }, master, 'admin')
    const backup = await make()
    await writeFile(join(out, 'key.txt'), `${pair.identity}\n`)
    follow('open-recipients', archive(backup))
    follow('check', {})
    expect(follow('sqlite', {}).stdout.trim()).toBe('ok')
  })
})

describe('docs/recovery.md, an archive that is only in S3', () => {
  // The one of the two programs that is in Debian's packages is installed; the other is followed where it is there.
  it.each(['rclone', 'aws'])('is fetched with %s', async (program) => {
    if (program === 'aws' && !has('aws')) return
    const server = await startS3Server(join(database.folder, 's3'))
    try {
      const { accessKeyId, secretAccessKey } = testAccessKey
      const place = {
        kind: 's3',
        endpoint: server.url,
        region: 'eu-west-3',
        bucket: testBucket,
        prefix: 'app',
        pathStyle: true,
        accessKeyId,
      } as const
      await saveDestination(setup, null, { name: 'bucket', enabled: true, retention: null, place, secretAccessKey }, 'admin')
      const backup = await make()
      await rm(join(setup.folder, backup.fileName ?? ''))
      const fetched = { ARCHIVE: join(out, 'archive.tar.gz') }
      const storage = { ENDPOINT: server.url, REGION: 'eu-west-3', BUCKET: testBucket, KEY: `app/${backup.fileName}` }
      const keys = { AWS_ACCESS_KEY_ID: accessKeyId, AWS_SECRET_ACCESS_KEY: secretAccessKey, HOME: out, RCLONE_CONFIG: '/dev/null' }
      await followAside(`fetch-${program}`, { ...storage, ...keys, ...fetched })
      follow('open-none', fetched)
      expect(follow('check', {}).stdout).toContain('app.db: OK')
    } finally {
      await server.close()
    }
  })
})

describe.each([...inject('postgresServers')])('docs/recovery.md on $name', (server) => {
  it.each(['custom', 'plain', 'portable'] as const)('%s', async (format) => {
    await using postgres = await createPostgresDatabase(server, { schema: 'cvsite' })
    await insertCvsIntoPostgres(postgres.url, cvs)
    const made = await make(async () => ({ engine: 'postgresql', url: postgres.url }), format).catch((error: AppError) => error)
    if (made instanceof Error) {
      // Programs that are older than the server cannot write this format here; that is said, and tested beside.
      expect([made.code, format]).toEqual(['DUMP_FAILED', expect.stringMatching(/custom|plain/)])
      return
    }
    const url = new URL(server.url)
    const name = `recovered_${process.pid}_${format}`
    const connection = { PGHOST: url.hostname, PGPORT: url.port, PGUSER: url.username, PGPASSWORD: decodeURIComponent(url.password) }
    follow('open-none', archive(made))
    follow('check', {})
    // Only the name differs from the page: several of these run on one server.
    commands = new Map([...commands].map(([key, text]) => [key, text.replaceAll(/\brecovered\b/g, name)]))
    try {
      follow(format, connection)
      const counts = await withPostgres(databaseUrl(server.url, name), async (client) => ({
        files: (await client.query('SELECT count(*)::int AS rows FROM "CvFile"')).rows[0].rows,
        references: (await client.query(`SELECT count(*)::int AS rows FROM pg_constraint WHERE contype = 'f'`)).rows[0].rows,
        indexes: (await client.query(`SELECT count(*)::int AS rows FROM pg_indexes WHERE schemaname = 'public'`)).rows[0].rows,
      }))
      const original = await withPostgres(postgres.url, async (client) => ({
        files: 4,
        references: (await client.query(`SELECT count(*)::int AS rows FROM pg_constraint WHERE contype = 'f'`)).rows[0].rows,
        indexes: (await client.query(`SELECT count(*)::int AS rows FROM pg_indexes WHERE schemaname = 'public'`)).rows[0].rows,
      }))
      expect(counts).toEqual(original)
    } finally {
      await withPostgres(server.url, (client) => client.query(`DROP DATABASE IF EXISTS ${name} WITH (FORCE)`))
    }
  })
})
