import { readdir, readFile } from 'node:fs/promises'
import { basename, join, relative, sep } from 'node:path'

const folders = ['app', 'bench', 'components', 'e2e', 'lib', 'scripts', 'tests', 'worker']
const longestFile = 400
/** Names that say nothing about what is inside, so that everything ends up there. */
const drawer = /^(utils?|helpers?|common|misc|types)$/i

/** The source files under `root`, relative to it, POSIX separators, without generated ones. */
export async function listSources(root: string): Promise<readonly string[]> {
  const lists = await Promise.all(
    folders.map((folder) => readdir(join(root, folder), { recursive: true, withFileTypes: true }).catch(() => [])),
  )
  return lists
    .flat()
    .filter((entry) => entry.isFile() && /\.(ts|tsx|mts|mjs|js|css)$/.test(entry.name))
    .map((entry) => relative(root, join(entry.parentPath, entry.name)).split(sep).join('/'))
    .filter((path) => !/(^|\/)(generated|node_modules)\//.test(path))
    .sort()
}

/** "path: n lines" for every file that should have been split. */
export async function findLongFiles(root: string): Promise<readonly string[]> {
  const found = await Promise.all(
    (await listSources(root)).map(async (path) => {
      const lines = (await readFile(join(root, path), 'utf8')).trimEnd().split('\n').length
      return lines > longestFile ? [`${path}: ${lines} lines`] : []
    }),
  )
  return found.flat()
}

/** Files and folders that are named as drawers. */
export async function findDrawers(root: string): Promise<readonly string[]> {
  return (await listSources(root)).filter((path) => path.split('/').some((part) => drawer.test(basename(part).replace(/\..*$/, ''))))
}

/** Folders of lib/ that hold sources and are in no layer; a new one must be given its place. */
export async function findFoldersWithoutLayer(root: string, known: readonly string[]): Promise<readonly string[]> {
  const used = (await listSources(root)).filter((path) => path.startsWith('lib/')).map((path) => path.split('/').slice(0, 2).join('/'))
  return [...new Set(used)].filter((folder) => !known.includes(folder))
}
