import { spawnSync } from 'node:child_process'
import { mkdtemp, rm, truncate, writeFile } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { pathToFileURL } from 'node:url'
import { expect, it } from 'vitest'
import { createSqliteDatabase } from '@/tests/support/sqlite-databases'
import { createTaskPool } from './task-pool'

it('lets a process whose last work it was go on after close', async () => {
  const folder = await mkdtemp(join(tmpdir(), 'bascule-pool-'))
  const root = join(import.meta.dirname, '../../..')
  try {
    const script = join(folder, 'close.mts')
    const pool = JSON.stringify(pathToFileURL(join(import.meta.dirname, 'task-pool.ts')).href)
    await writeFile(
      script,
      `import { createTaskPool } from ${pool}
       const pool = await createTaskPool({ size: 2, sourcePath: '' }, new AbortController().signal)
       await pool.run('catalogue', { path: ${JSON.stringify(join(folder, 'none.db'))} }).catch((error) => console.log(error.code))
       await pool.close()
       console.log('went on')`,
    )
    const env = { ...process.env, TSX_TSCONFIG_PATH: join(root, 'tsconfig.json') }
    const run = spawnSync(process.execPath, ['--import', 'tsx', script], { cwd: root, env, encoding: 'utf8' })
    expect([run.status, run.stdout]).toEqual([0, 'SOURCE_MISSING\nwent on\n'])
  } finally {
    await rm(folder, { recursive: true, force: true })
  }
})

it('tasks that share a connection are run by the same thread, and hold up no other', async () => {
  await using source = await createSqliteDatabase('CREATE TABLE note (text TEXT)')
  const path = source.path
  const large = join(source.folder, 'large')
  await writeFile(large, '')
  await truncate(large, 17 * 1024 * 1024)
  // For a large source both threads are started at once.
  const pool = await createTaskPool({ size: 2, sourcePath: large }, new AbortController().signal)
  try {
    const busy = () => Array.from({ length: 20 }, () => pool.run('catalogue', { path }))
    await Promise.all([...busy(), pool.run('watch', { path, writable: true })])
    const [, unchanged] = await Promise.all([Promise.all(busy()), pool.run('isUnchanged', { path })])
    expect(unchanged).toBe(true)
    // Ended with the answer.
    expect(await pool.run('isUnchanged', { path })).toBe(false)
    await pool.run('watch', { path, writable: true })
    const fence = await pool.run('raiseFence', { path })
    expect([fence.tables, await pool.run('isUnchanged', { path })]).toEqual([1, true])
    await pool.run('watch', { path, writable: true })
    expect(await pool.run('lowerFence', { path })).toBe(true)
    expect(await pool.run('isUnchanged', { path })).toBe(false)
    // What is wrong with a file is said by who reads it.
    await pool.run('watch', { path: join(source.folder, 'none.db'), writable: false })
    expect(await pool.run('isUnchanged', { path: join(source.folder, 'none.db') })).toBe(false)
  } finally {
    await pool.close()
  }
})
