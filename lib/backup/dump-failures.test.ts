import { randomBytes } from 'node:crypto'
import { chmod, mkdir, readdir, readFile, rm, writeFile } from 'node:fs/promises'
import { delimiter, join } from 'node:path'
import { afterAll, beforeAll, beforeEach, expect, inject, it } from 'vitest'
import { type ControlStore, openControlStore } from '@/lib/control/control-store'
import { createTestBackupSetup, insertCvsIntoPostgres, writeCvs } from '@/tests/support/backup-source'
import { createPostgresDatabase, type TestPostgresDatabase, withPostgres } from '@/tests/support/postgres-databases'
import { createTemporaryFolder, type TemporaryFolder } from '@/tests/support/sqlite-databases'
import { listBackups } from './backup-catalogue'
import { type BackupSetup, makeBackup } from './make-backup'

const never = new AbortController().signal
/** Not the one of the tests’ servers, which is part of many a path. */
const role = `dumper_${randomBytes(4).toString('hex')}`
const password = randomBytes(12).toString('hex')
const pathBefore = process.env.PATH ?? ''

let folder: TemporaryFolder
let postgres: TestPostgresDatabase
let store: ControlStore
let setup: BackupSetup

beforeAll(async () => {
  folder = await createTemporaryFolder('dump-failures')
  postgres = await createPostgresDatabase({ url: inject('embeddedPostgresUrl') }, { schema: 'cvsite' })
  const url = new URL(postgres.url)
  await withPostgres(postgres.url, (client) => client.query(`CREATE ROLE ${role} LOGIN SUPERUSER PASSWORD '${password}'`))
  url.username = role
  url.password = password
  store = await openControlStore(join(folder.path, 'control.db'))
  setup = {
    ...createTestBackupSetup(folder.path, store, join(folder.path, 'none.db')),
    source: async () => ({ engine: 'postgresql', url: url.toString() }),
  }
  await insertCvsIntoPostgres(postgres.url, await writeCvs(setup.files.folder, 1))
  await mkdir(join(folder.path, 'bin'))
  process.env.PATH = `${join(folder.path, 'bin')}${delimiter}${pathBefore}`
})
afterAll(async () => {
  process.env.PATH = pathBefore
  await store.close()
  await withPostgres(postgres.url, (client) => client.query(`DROP ROLE ${role}`))
  await postgres[Symbol.asyncDispose]()
  await folder[Symbol.asyncDispose]()
})
beforeEach(async () => {
  await rm(join(folder.path, 'argv'), { force: true })
})

/** A program of that name which is newer than any server, notes its arguments, and then does what `body` says; $file is where to write. */
async function install(program: 'pg_dump' | 'pg_restore', body: string): Promise<void> {
  const path = join(folder.path, 'bin', program)
  const script = `#!/bin/sh
[ "$1" = --version ] && { echo '${program} (PostgreSQL) 99.0'; exit 0; }
for each in "$@"; do case "$each" in --file=*) file="\${each#--file=}";; esac; done
printf '%s\\n' "$@" >> '${join(folder.path, 'argv')}'
${body}
`
  await writeFile(path, script)
  await chmod(path, 0o755)
}

it.each([
  [
    'ends with a status other than 0, after it wrote something',
    'custom',
    'echo half > "$file"; echo "no: $PGPASSWORD" >&2; exit 1',
    'DUMP_FAILED',
  ],
  ['is killed', 'custom', 'echo half > "$file"; kill -9 $$', 'DUMP_FAILED'],
  ['writes an empty file', 'custom', ': > "$file"', 'DUMP_FAILED'],
  ['writes no file at all', 'custom', 'exit 0', 'DUMP_FAILED'],
  ['writes what pg_restore cannot read to its end', 'custom', 'echo PGDMP > "$file"', 'DUMP_FAILED'],
  ['writes an empty script', 'plain', ': > "$file"', 'DUMP_FAILED'],
  ['writes a script that is cut short', 'plain', 'echo "CREATE TABLE x (" > "$file"', 'DUMP_FAILED'],
  ['finds the disk full', 'plain', 'echo "could not write: No space left on device" >&2; exit 1', 'LOCAL_DISK_FULL'],
] as const)('pg_dump %s: no backup, and no password where others can read', async (_what, format, body, code) => {
  await install('pg_dump', body)
  await install('pg_restore', 'echo "could not read from input file: end of file" >&2; exit 1')
  const options = { origin: 'manual', requestedBy: 'admin', jobId: null, holder: 'test', format } as const
  const failure = await makeBackup(setup, options, () => undefined, never).then(
    () => expect.fail('it was taken for a backup'),
    (error: Error) => error,
  )
  expect(failure).toMatchObject({ code, hint: expect.any(String) })
  const [newest] = await listBackups(setup)
  expect(newest).toMatchObject({ status: 'failed', present: false, error: { code } })
  expect(await readdir(setup.folder)).toEqual([])
  const argv = await readFile(join(folder.path, 'argv'), 'utf8')
  expect(argv).toContain('--snapshot=')
  for (const text of [argv, failure.message, JSON.stringify(newest)]) expect(text).not.toContain(password)
})
