import { readFileSync } from 'node:fs'
import { expect, it } from 'vitest'
import { repairKindNames, repairKinds } from '@/lib/core/repair-choice'
import { repairKindOf } from './offer-choices'

it('docs/fidelity.md names every kind of repair with its findings and choices, and no other', () => {
  const document = readFileSync(new URL('../../../docs/fidelity.md', import.meta.url), 'utf8')
  const section = document.slice(document.indexOf('## Choices'))
  const rows = [...section.matchAll(/^\| `([a-z0-9-]+)` \| (.*) \| (.*) \|$/gm)]
  expect(rows.map(([, kind]) => kind)).toEqual(repairKindNames)
  for (const [, kind = '', codes = '', choices = ''] of rows) {
    const found = repairKindNames.find((name) => name === kind)
    for (const [, code = ''] of codes.matchAll(/`(\w+)`/g)) expect(repairKindOf(code), code).toBe(kind)
    const listed = [...choices.matchAll(/`(\w+)`: ([^<]*)/g)].map(([, choice, effect]) => [choice, effect])
    expect(listed).toEqual(Object.entries(found === undefined ? {} : repairKinds[found]))
  }
})
