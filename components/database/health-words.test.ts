import { readFile } from 'node:fs/promises'
import { join } from 'node:path'
import { describe, expect, it } from 'vitest'
import { maintenanceOperations } from '@/lib/core/maintenance-operations'
import { checkCodes, healthLevels, unknownReasons } from '@/lib/monitoring/health-report'
import { flatten } from '@/tests/support/message-keys'

const root = join(import.meta.dirname, '../..')
const judges = ['sessions', 'server', 'indexes', 'tables', 'sqlite'].map((name) => join(root, `lib/monitoring/checks/judge-${name}.ts`))

describe.each(['en', 'fr'])('the words of the Database page in %s', (locale) => {
  const read = async () => flatten(JSON.parse(await readFile(join(root, `messages/${locale}.json`), 'utf8')).database)

  it('are there for every check, level, reason and operation', async () => {
    const keys = await read()
    const wanted = [
      ...checkCodes.flatMap((code) => ['title', 'why', 'ok', 'found'].map((part) => `checks.${code}.${part}`)),
      ...healthLevels.flatMap((level) => [`level.${level}`, `levelCount.${level}`]),
      ...unknownReasons.map((reason) => `unknown.${reason}`),
      ...maintenanceOperations.flatMap((operation) => ['name', 'button', 'body'].map((part) => `operations.${operation}.${part}`)),
    ]
    expect(wanted.filter((key) => !keys.has(key))).toEqual([])
  })

  it('are there for every way in which a check speaks of an item', async () => {
    const keys = [...(await read()).keys()]
    const sources = await Promise.all(judges.map((path) => readFile(path, 'utf8')))
    const wordings = new Set(
      sources
        .flatMap((source) => [...source.matchAll(/'(prepared|leftover|never|column|constraint|model|replicas|slot|late)'/g)])
        .map((match) => match[1]),
    )
    expect(wordings.size).toBe(9)
    for (const wording of wordings)
      expect(
        keys.some((key) => key.endsWith(`.items.${wording}`)),
        wording,
      ).toBe(true)
  })
})
