import { expect } from 'vitest'
import type { HealthCheck, HealthReport } from '@/lib/monitoring/health-report'
import messages from '@/messages/en.json' with { type: 'json' }
import { flatten, type Messages } from './message-keys'

const texts = flatten(messages.database as unknown as Messages)

/** Expects that each sentence which the page would say of a report is there, and is given every figure that it names. */
export function expectWords(report: HealthReport): void {
  const problems = report.checks.flatMap((check) => [
    ...missing(sentenceOf(check), { ...check.params, count: check.count }),
    ...check.items.flatMap(({ wording, params }) =>
      Object.keys(params).length === 0 ? [] : missing(`checks.${check.code}.items.${wording}`, params),
    ),
  ])
  expect(problems).toEqual([])
}

function sentenceOf({ code, level, params, reason }: HealthCheck): string {
  const state = `checks.${code}.states.${params.state}`
  if (level === 'unknown') return texts.has(state) ? state : `unknown.${reason}`
  return level === 'ok' ? `checks.${code}.ok` : texts.has(state) ? state : `checks.${code}.found`
}

/** As the page writes them out: sizeBytes becomes {size}. Two that become one would overwrite each other. */
function missing(key: string, params: HealthCheck['params']): readonly string[] {
  const text = texts.get(key)
  if (text === undefined) return [`${key}: no such text`]
  const names = Object.keys(params).map((name) => name.replace(/(Bytes|Ms|Share|At)$/, ''))
  const doubled = names.filter((name, place) => names.indexOf(name) !== place).map((name) => `${key}: ${name} twice`)
  const wanted = [...text.matchAll(/\{\s*(\w+)\s*[,}]/g)].map((match) => match[1] ?? '').filter((name) => /^[a-z]/i.test(name))
  return [...doubled, ...wanted.filter((name) => !names.includes(name)).map((name) => `${key}: {${name}} is not given`)]
}
