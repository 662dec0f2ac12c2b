import { createHash } from 'node:crypto'
import { readdir, readFile, rm, writeFile } from 'node:fs/promises'
import { join } from 'node:path'
import { runScript } from '../run-script'
import type { DemoFolder } from './demo-folder'

const folders = ['app', 'components', 'lib', 'messages', 'prisma', 'public']
const files = ['next.config.ts', 'package-lock.json', 'postcss.config.mjs', 'proxy.ts', 'tsconfig.json']

/**
 * Makes a production build unless there is a fresh one. Production and not development: the first click on each page
 * answers at once instead of after seconds of compiling, and what one sees is what people will run.
 */
export async function ensureBuild(folder: DemoFolder, say: (line: string) => void, signal: AbortSignal): Promise<void> {
  const digest = await digestSources(folder.root)
  const note = join(folder.root, folder.build, 'sources.sha256')
  if ((await readFile(note, 'utf8').catch(() => '')) === digest) return
  say('Building the app for production (about a minute; only when its code has changed) …')
  const env = { NEXT_DIST_DIR: folder.build, NEXT_TELEMETRY_DISABLED: '1', NODE_ENV: 'production' }
  const log = join(folder.path, 'build.log')
  await rm(log, { force: true })
  const { status } = await runScript('node_modules/next/dist/bin/next', ['build'], { root: folder.root, env, log, signal })
  if (signal.aborted) return
  if (status !== 0) throw new Error(`The production build failed. The end of ${log}:\n${await endOf(log)}`)
  await writeFile(note, digest)
}

async function endOf(file: string): Promise<string> {
  return (await readFile(file, 'utf8')).trimEnd().split('\n').slice(-40).join('\n')
}

async function digestSources(root: string): Promise<string> {
  const lists = await Promise.all(
    folders.map((folder) => readdir(join(root, folder), { recursive: true, withFileTypes: true }).catch(() => [])),
  )
  const listed = lists.flat().filter((entry) => entry.isFile() && !/\.test\.tsx?$|\.db/.test(entry.name))
  const paths = [...listed.map((entry) => join(entry.parentPath, entry.name)), ...files.map((file) => join(root, file))].sort()
  const digest = createHash('sha256').update(process.version)
  for (const path of paths) digest.update(path.slice(root.length)).update(await readFile(path).catch(() => ''))
  return digest.digest('hex')
}
