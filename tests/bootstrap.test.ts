import { spawnSync } from 'node:child_process'
import { join } from 'node:path'
import { expect, it } from 'vitest'

const script = join(import.meta.dirname, '../scripts/bootstrap.mjs')

it('does nothing, quickly, when nothing is missing', () => {
  const startedAt = performance.now()
  const run = spawnSync(process.execPath, [script], { encoding: 'utf8' })
  expect({ status: run.status, output: run.stdout + run.stderr }).toEqual({ status: 0, output: '' })
  expect(performance.now() - startedAt).toBeLessThan(5_000)
})

it('names the Node version that is needed when this one is too old', () => {
  const disguise = "Object.defineProperty(process.versions, 'node', { value: '18.20.4' });"
  const run = spawnSync(process.execPath, ['--import', `data:text/javascript,${encodeURIComponent(disguise)}`, script], {
    encoding: 'utf8',
  })
  expect(run.status).toBe(2)
  expect(run.stderr).toContain('Node 20.19 or later is needed; this is 18.20.4.')
})
