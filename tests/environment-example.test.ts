import { readFile } from 'node:fs/promises'
import { join } from 'node:path'
import { expect, it } from 'vitest'

const root = join(import.meta.dirname, '..')

it('.env.example names every variable that the environment reads, and no other', async () => {
  const source = await readFile(join(root, 'lib/config/environment.ts'), 'utf8')
  const schema = /const variables = z\.object\(\{([\s\S]*?)\n\}\)/.exec(source)?.[1] ?? ''
  const read = [...schema.matchAll(/^ {2}([A-Z][A-Z0-9_]+):/gm)].map((match) => match[1])
  const example = await readFile(join(root, '.env.example'), 'utf8')
  const named = [...example.matchAll(/^(?:# )?([A-Z][A-Z0-9_]+)=/gm)].map((match) => match[1])
  expect(read.length).toBeGreaterThan(10)
  expect([...named].sort()).toEqual([...read].sort())
})
