import { mkdir, writeFile } from 'node:fs/promises'
import { dirname, join } from 'node:path'
import { describe, expect, it } from 'vitest'
import { findDrawers, findFoldersWithoutLayer, findLongFiles } from './architecture/check-files'
import { checkImports } from './architecture/check-imports'
import { findBundlerInWeb } from './architecture/check-web'
import { layers } from './architecture/layers'
import { createTemporaryFolder } from './support/sqlite-databases'

const root = join(import.meta.dirname, '..')

describe('the house', () => {
  it('imports only from lower layers, without a cycle', async () => {
    const report = await checkImports(root)
    expect(report.violations).toEqual([])
    // The rules mean nothing when the files were not read.
    expect(report.files).toContain('lib/config/environment.ts')
    expect(report.files.length).toBeGreaterThan(50)
  })

  it('keeps the bundler of threads out of the web', async () => {
    expect(await findBundlerInWeb(root)).toEqual([])
  })

  it('has a layer for every folder of lib/', async () => {
    expect(await findFoldersWithoutLayer(root, layers.flat())).toEqual([])
  })

  it('has no file of more than 400 lines', async () => {
    expect(await findLongFiles(root)).toEqual([])
  })

  it('has no drawer', async () => {
    expect(await findDrawers(root)).toEqual([])
  })
})

describe('the rules can fail', () => {
  const violations: readonly { readonly rule: string; readonly files: Readonly<Record<string, string>> }[] = [
    {
      rule: 'lib-core-imports-lower-layers-only: lib/core/low.ts → lib/migration/high.ts',
      files: { 'lib/core/low.ts': "export { high } from '@/lib/migration/high'", 'lib/migration/high.ts': 'export const high = 1' },
    },
    {
      rule: 'lib-core-imports-lower-layers-only: lib/core/low.ts → lib/jobs/job.ts',
      files: {
        'lib/core/low.ts': "import type { Job } from '@/lib/jobs/job'\nexport type Low = Job",
        'lib/jobs/job.ts': 'export type Job = string',
      },
    },
    {
      rule: 'lib-sqlite-imports-lower-layers-only: lib/sqlite/left.ts → lib/postgres/right.ts',
      files: { 'lib/sqlite/left.ts': "export * from '@/lib/postgres/right'", 'lib/postgres/right.ts': 'export const right = 1' },
    },
    {
      rule: 'lib-jobs-imports-lower-layers-only: lib/jobs/queue.ts → lib/jobs/handlers/migrate.ts',
      files: { 'lib/jobs/queue.ts': "export * from './handlers/migrate'", 'lib/jobs/handlers/migrate.ts': 'export const migrate = 1' },
    },
    {
      rule: 'handlers-for-the-worker-alone: app/page.tsx → lib/jobs/handlers/migrate.ts',
      files: { 'app/page.tsx': "export * from '@/lib/jobs/handlers/migrate'", 'lib/jobs/handlers/migrate.ts': 'export const migrate = 1' },
    },
    {
      rule: 'app-imports-lower-layers-only: app/page.tsx → worker/main.ts',
      files: { 'app/page.tsx': "export * from '@/worker/main'", 'worker/main.ts': 'export const main = 1' },
    },
    {
      rule: 'no-cycle: lib/core/a.ts → lib/core/b.ts',
      files: {
        'lib/core/a.ts': "import { b } from './b'\nexport const a = () => b",
        'lib/core/b.ts': "import { a } from './a'\nexport const b = () => a",
      },
    },
    {
      rule: 'lib-without-next-and-react: lib/auth/page.ts → next/headers',
      files: { 'lib/auth/page.ts': "export { headers } from 'next/headers'" },
    },
    {
      rule: 'components-import-types-and-contracts-only: components/button.tsx → lib/core/clock.ts',
      files: {
        'components/button.tsx': "import { clock } from '@/lib/core/clock'\nexport const button = clock",
        'lib/core/clock.ts': 'export const clock = 1',
      },
    },
    {
      rule: 'contracts-stand-alone: lib/jobs/job.ts → lib/control/lease.ts',
      files: { 'lib/jobs/job.ts': "export * from '@/lib/control/lease'", 'lib/control/lease.ts': 'export const lease = 1' },
    },
    {
      rule: 'components-below-the-app: components/button.tsx → app/state.ts',
      files: { 'components/button.tsx': "export * from '@/app/state'", 'app/state.ts': 'export const state = 1' },
    },
    {
      rule: 'no-components-in-lib: lib/core/view.ts → components/view.ts',
      files: { 'lib/core/view.ts': "export * from '@/components/view'", 'components/view.ts': 'export const view = 1' },
    },
  ]

  it.each(violations)('$rule', async ({ rule, files }) => {
    await using folder = await createTree(files)
    expect((await checkImports(folder.path)).violations).toContain(rule)
  })

  it('but not on what is allowed', async () => {
    await using folder = await createTree({
      'app/page.tsx': "import '@/components/button'\nexport * from '@/lib/migration/high'",
      'components/button.tsx':
        "import type { Clock } from '@/lib/core/clock'\nimport { codes } from '@/lib/core/errors'\nexport const button: Clock = codes",
      'lib/core/clock.ts': 'export type Clock = string',
      'lib/core/errors.ts': "export const codes = 'x'",
      'lib/migration/high.ts': "export * from '@/lib/jobs/queue'",
      'lib/jobs/queue.ts': "export * from '@/lib/sqlite/open'\nexport * from './job'",
      'lib/jobs/job.ts': 'export const job = 1',
      'lib/jobs/handlers/migrate.ts': "export * from '../job'",
      'lib/sqlite/open.ts': 'export const open = 1',
      'worker/main.ts': "export * from '@/lib/jobs/handlers/migrate'",
    })
    expect((await checkImports(folder.path)).violations).toEqual([])
  })

  it('on long files, drawers and folders without a layer', async () => {
    await using folder = await createTree({
      'lib/core/long.ts': '// line\n'.repeat(401),
      'lib/core/fitting.ts': '// line\n'.repeat(400),
      'lib/utils/text.ts': '',
      'components/ui/helpers.tsx': '',
      'app/types.ts': '',
      'lib/core/generated/long.ts': '// line\n'.repeat(900),
      'lib/new/thing.ts': '',
    })
    expect(await findLongFiles(folder.path)).toEqual(['lib/core/long.ts: 401 lines'])
    expect(await findDrawers(folder.path)).toEqual(['app/types.ts', 'components/ui/helpers.tsx', 'lib/utils/text.ts'])
    expect(await findFoldersWithoutLayer(folder.path, layers.flat())).toEqual(['lib/new', 'lib/utils'])
  })

  it('on a bundler that the web reaches, and not on one whose types alone it knows', async () => {
    await using folder = await createTemporaryFolder()
    const files = {
      'lib/core/thread-code.ts': 'export const load = 1',
      'lib/core/proof.ts': "import { load } from './thread-code'\nexport const proof = load\nexport type Proof = number",
      'app/api/a/route.ts': "import { proof } from '@/lib/core/proof'\nexport const GET = proof",
      'app/api/b/route.ts': "import type { Proof } from '@/lib/core/proof'\nexport const GET: Proof = 1",
    }
    for (const [name, text] of Object.entries(files)) {
      await mkdir(dirname(join(folder.path, name)), { recursive: true })
      await writeFile(join(folder.path, name), text)
    }
    expect(await findBundlerInWeb(folder.path)).toEqual(['app/api/a/route.ts → lib/core/proof.ts → lib/core/thread-code.ts'])
  })
})

/** A small source tree in a temporary folder, with every folder that the rules read. */
async function createTree(files: Readonly<Record<string, string>>) {
  const folder = await createTemporaryFolder('architecture')
  const placeholders = Object.fromEntries(
    ['lib', 'app', 'worker', 'scripts', 'components'].map((name) => [`${name}/${name === 'lib' ? 'core/' : ''}empty.ts`, '']),
  )
  for (const [path, text] of Object.entries({ ...placeholders, ...files })) {
    await mkdir(dirname(join(folder.path, path)), { recursive: true })
    await writeFile(join(folder.path, path), text)
  }
  return folder
}
