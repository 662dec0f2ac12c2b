import { spawnSync } from 'node:child_process'
import { mkdtemp, rm, writeFile } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { pathToFileURL } from 'node:url'
import { expect, it } from 'vitest'

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
