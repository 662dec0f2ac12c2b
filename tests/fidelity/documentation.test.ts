import { readFileSync } from 'node:fs'
import { expect, it } from 'vitest'
import { textOfCode, type ValueCode, valueCodes } from '@/lib/sqlite/values/value-codes'

it('docs/fidelity.md names every code with its severity, and no other', () => {
  const document = readFileSync(new URL('../../docs/fidelity.md', import.meta.url), 'utf8')
  const documented = [...document.matchAll(/^\| `([A-Z0-9_]+)` \| (\w+) \|/gm)].map(([, code, severity]) => `${code} ${severity}`)
  // Object.keys of a constant object gives its keys.
  const codes = Object.keys(valueCodes) as ValueCode[]
  expect(documented.sort()).toEqual(codes.map((code) => `${code} ${textOfCode(code).severity}`).sort())
})

it('docs/fidelity.md has every hazard once, each with a test that exists', () => {
  const document = readFileSync(new URL('../../docs/fidelity.md', import.meta.url), 'utf8')
  const lines = [...document.matchAll(/^\| (\d+) \|.*\| `([\w.-]+\.test\.ts)`: (.*?) \|$/gm)]
  expect(lines.map(([, number]) => Number(number))).toEqual(Array.from({ length: 60 }, (_, index) => index + 1))
  const missing = lines.filter(([, , file = '', title = '']) => {
    const tests = readFileSync(new URL(file, import.meta.url), 'utf8')
    return !tests.includes(`it('${title}`)
  })
  expect(missing.map(([line]) => line)).toEqual([])
})
