import { chmod, mkdir, writeFile } from 'node:fs/promises'
import { join } from 'node:path'
import { expect, test } from 'vitest'
import { createTemporaryFolder } from '@/tests/support/sqlite-databases'
import { findPgDump } from './find-pg-dump'

test('finds the newest pg_dump that runs, in PATH or in a folder of its major', async () => {
  await using folder = await createTemporaryFolder('pg-dump')
  const place = async (name: string, script: string) => {
    await mkdir(join(folder.path, name, 'bin'), { recursive: true })
    const path = join(folder.path, name, 'bin', 'pg_dump')
    await writeFile(path, `#!/bin/sh\n${script}\n`)
    await chmod(path, 0o755)
    return path
  }
  const inPath = join(folder.path, 'tools', 'bin')
  expect(await findPgDump(inPath, [folder.path])).toBeNull()
  await place('tools', 'echo "pg_dump (PostgreSQL) 9.6.24"')
  expect(await findPgDump(inPath, [folder.path])).toMatchObject({ major: 9, version: '9.6.24' })
  await place('15', 'echo "pg_dump (PostgreSQL) 15.14 (Debian 15.14-0+deb12u1)"')
  const newest = await place('17', 'echo "pg_dump (PostgreSQL) 17.2"')
  await place('18', 'exit 1')
  expect(await findPgDump(inPath, [folder.path])).toEqual({ path: newest, version: '17.2', major: 17 })
})
