import { mkdir, readFile } from 'node:fs/promises'
import { join } from 'node:path'
import { pathToFileURL } from 'node:url'
import { build } from 'esbuild'

const root = join(import.meta.dirname, '../../..')

/**
 * A script of this folder as one file of plain JavaScript, in the project's cache, where packages are found. It starts in
 * a third of the time that the TypeScript files take: enough to kill it fifty times in one test.
 */
export async function bundleChild(script: string): Promise<string> {
  const folder = join(root, 'node_modules', '.cache', 'bascule')
  await mkdir(folder, { recursive: true })
  const outfile = join(folder, `${script.replace(/\.ts$/, '')}-${process.pid}.mjs`)
  await build({
    entryPoints: [join(import.meta.dirname, script)],
    absWorkingDir: root,
    tsconfig: join(root, 'tsconfig.json'),
    outfile,
    bundle: true,
    platform: 'node',
    format: 'esm',
    target: 'node20',
    packages: 'external',
    alias: { '@': root },
    logLevel: 'silent',
    plugins: [
      {
        // Some files find others beside themselves.
        name: 'own-place',
        setup: ({ onLoad }) => {
          onLoad({ filter: /\/(lib|worker|scripts)\/.*\.ts$/ }, async ({ path }) => {
            const contents = (await readFile(path, 'utf8')).replaceAll('import.meta.url', JSON.stringify(pathToFileURL(path).href))
            return { contents, loader: 'ts' }
          })
        },
      },
    ],
  })
  return outfile
}
