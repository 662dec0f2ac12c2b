import { existsSync, readFileSync, statSync } from 'node:fs'
import { readdir } from 'node:fs/promises'
import { dirname, join, relative } from 'node:path'

/** What bundles code when it starts, by a native program: next's own bundler cannot take it along, and the production build fails. */
const bundler = 'lib/core/thread-code.ts'

/** Imports that are there when the code runs; types are gone by then. */
const imports = /^(?:import|export)\s+(?!type\b)(?:[^'"]*?\sfrom\s+)?['"]([^'"]+)['"]/gm

/** The ways by which a page or a route of the web reaches the bundler: "app/…/route.ts → … → lib/core/thread-code.ts". */
export async function findBundlerInWeb(root: string): Promise<readonly string[]> {
  const app = join(root, 'app')
  const entries = (await readdir(app, { recursive: true, withFileTypes: true }))
    .filter((entry) => entry.isFile() && /^(route|page|layout|error)\.tsx?$/.test(entry.name))
    .map((entry) => join(entry.parentPath, entry.name))
  const known = new Map<string, readonly string[]>()
  const importsOf = (file: string) => {
    const found = known.get(file) ?? readImports(root, file)
    known.set(file, found)
    return found
  }
  return entries.flatMap((entry) => {
    const from = new Map<string, string | null>([[entry, null]])
    for (const file of from.keys()) for (const next of importsOf(file)) if (!from.has(next)) from.set(next, file)
    const end = join(root, bundler)
    if (!from.has(end)) return []
    const way: string[] = []
    for (let step: string | null | undefined = end; step; step = from.get(step)) way.unshift(relative(root, step))
    return [way.join(' → ')]
  })
}

function readImports(root: string, file: string): readonly string[] {
  return [...readFileSync(file, 'utf8').matchAll(imports)].flatMap(([, name = '']) => {
    const base = name.startsWith('@/') ? join(root, name.slice(2)) : name.startsWith('.') ? join(dirname(file), name) : null
    const found = base && [`${base}.ts`, `${base}.tsx`, base].find((path) => existsSync(path) && statSync(path).isFile())
    return found && /\.tsx?$/.test(found) ? [found] : []
  })
}
