import { readdirSync, readFileSync } from 'node:fs'
import { dirname, join, relative, sep } from 'node:path'

export interface ApiRoute {
  /** With made-up values for the parameters: /api/jobs/unknown/log */
  readonly path: string
  readonly method: string
}

const app = join(import.meta.dirname, '../../app')

/** Every page of the app, read from the folder, so that a new one cannot be forgotten. */
export function listPages(): readonly string[] {
  return filesNamed('page.tsx').map((file) => pathOf(file))
}

/** Every method of every API route, read from the folder. */
export function listApiRoutes(): readonly ApiRoute[] {
  return filesNamed('route.ts').flatMap((file) => {
    const text = readFileSync(join(app, file), 'utf8')
    const declared = [...text.matchAll(/export (?:async function|const|function) (GET|POST|PUT|PATCH|DELETE)\b/g)].map(
      (match) => match[1] as string,
    )
    const listed = [...text.matchAll(/export (?:const )?\{([^}]*)\}/g)].flatMap((match) =>
      [...(match[1] ?? '').matchAll(/\b(GET|POST|PUT|PATCH|DELETE)\b/g)].map((name) => name[1] as string),
    )
    const methods = [...new Set([...declared, ...listed])]
    if (methods.length === 0) throw new Error(`app/${file} exports no method that this test can see`)
    return methods.map((method) => ({ path: pathOf(file), method }))
  })
}

function filesNamed(name: string): readonly string[] {
  return readdirSync(app, { recursive: true, withFileTypes: true })
    .filter((entry) => entry.isFile() && entry.name === name)
    .map((entry) => relative(app, join(entry.parentPath, entry.name)).split(sep).join('/'))
    .sort()
}

function pathOf(file: string): string {
  const parts = dirname(file)
    .split('/')
    .filter((part) => part !== '.' && !/^\(.*\)$/.test(part))
  return `/${parts.map((part) => (part.startsWith('[') ? 'unknown' : part)).join('/')}`
}
