import { fileURLToPath } from 'node:url'
import { build } from 'esbuild'

let bundling: Promise<string> | undefined

/**
 * The task thread as one piece of JavaScript, made once a process. A thread that reads TypeScript by itself spends more
 * than a second of processor time on it before its first task; this takes a tenth. Packages stay outside and are found
 * from this folder, so the working directory does not matter.
 */
export function loadThreadCode(): Promise<string> {
  bundling ??= bundle()
  return bundling
}

async function bundle(): Promise<string> {
  const folder = fileURLToPath(new URL('.', import.meta.url))
  const result = await build({
    entryPoints: [`${folder}task-thread.ts`],
    absWorkingDir: folder,
    tsconfig: fileURLToPath(new URL('../../../tsconfig.json', import.meta.url)),
    bundle: true,
    write: false,
    platform: 'node',
    format: 'cjs',
    target: 'node20',
    packages: 'external',
    alias: { '@': fileURLToPath(new URL('../../..', import.meta.url)).replace(/\/$/, '') },
    logLevel: 'silent',
  })
  const code = result.outputFiles[0]?.text ?? ''
  const from = JSON.stringify(`${folder}task-thread.ts`)
  // Code given as text has the working directory's `require`; packages must be found from here.
  return `(function (require, module, exports) {${code}\n})(require('node:module').createRequire(${from}), { exports: {} }, {})`
}
