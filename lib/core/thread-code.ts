import { fileURLToPath } from 'node:url'
import { build } from 'esbuild'

const bundles = new Map<string, Promise<string>>()

/**
 * A thread as one piece of JavaScript for `new Worker(code, { eval: true })`, made once a process. A thread that reads
 * TypeScript by itself spends more than a second of processor time on it before it begins; this takes a tenth. Packages stay
 * outside and are found from the folder, so the working directory does not matter.
 *
 * @param folder ends with a slash: `new URL('.', import.meta.url)` of the caller
 * @param file where the thread begins, in that folder
 */
export function loadThreadCode(folder: URL, file: string): Promise<string> {
  const path = fileURLToPath(folder) + file
  const bundle = bundles.get(path) ?? makeBundle(fileURLToPath(folder), path)
  bundles.set(path, bundle)
  return bundle
}

async function makeBundle(folder: string, path: string): Promise<string> {
  const result = await build({
    entryPoints: [path],
    absWorkingDir: folder,
    tsconfig: fileURLToPath(new URL('../../tsconfig.json', import.meta.url)),
    bundle: true,
    write: false,
    platform: 'node',
    format: 'cjs',
    target: 'node20',
    packages: 'external',
    alias: { '@': fileURLToPath(new URL('../..', import.meta.url)).replace(/\/$/, '') },
    logLevel: 'silent',
  })
  const code = result.outputFiles[0]?.text ?? ''
  // Code given as text has the working directory's `require`; packages must be found from here.
  return `(function (require, module, exports) {${code}\n})(require('node:module').createRequire(${JSON.stringify(path)}), { exports: {} }, {})`
}
