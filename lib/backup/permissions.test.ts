import { chmod, mkdir, symlink, writeFile } from 'node:fs/promises'
import { join } from 'node:path'
import { expect, it } from 'vitest'
import { createTemporaryFolder } from '@/tests/support/sqlite-databases'
import { readRights, setRights } from './permissions'

it.skipIf(process.platform === 'win32')('tells what others may read, and gives it to its owner alone', async () => {
  await using folder = await createTemporaryFolder('rights')
  const file = join(folder.path, 'app.db')
  const files = join(folder.path, 'cv_data')
  const outside = join(folder.path, 'outside')
  await mkdir(join(files, 'ab'), { recursive: true })
  for (const path of [file, join(files, 'ab', 'x.cv'), outside]) await writeFile(path, 'x')
  await symlink(outside, join(files, 'link'))
  for (const [path, mode] of [
    [file, 0o644],
    [files, 0o755],
    [join(files, 'ab', 'x.cv'), 0o640],
    [outside, 0o644],
  ] as const)
    await chmod(path, mode)
  const kept = { files: [file, join(folder.path, 'absent')], folders: [files] }
  expect((await readRights(kept)).map(({ mode, status }) => [mode, status])).toEqual([
    ['644', 'open'],
    [null, 'missing'],
    ['755', 'open'],
  ])
  expect(await setRights(kept)).toBeGreaterThanOrEqual(3)
  expect(
    (await readRights({ files: [file, join(files, 'ab', 'x.cv')], folders: [files, join(files, 'ab')] })).map(({ mode }) => mode),
  ).toEqual(['600', '600', '700', '700'])
  expect(await readRights({ files: [outside], folders: [] })).toMatchObject([{ mode: '644' }])
  expect(await setRights(kept)).toBe(0)
})
