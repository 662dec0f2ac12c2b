import { awkwardJson, awkwardTexts } from './awkward-text'
import { dayMs, momentOf, type Person, presentMs, repeat } from './person'
import { type Row, storedBoolean, storedDate, storedJson } from './stored-values'

const eventTypes = ['page.view', 'page.view', 'page.view', 'cv.opened', 'cv.created', 'error', 'click', 'search'] as const
const paths = ['/', '/cvs', '/cvs/new', '/account', '/cvs?sort=date&dir=desc', '/aide/été'] as const
const features = ['cv.write', 'cv.upload', 'cv.download', 'export.pdf', 'match.score', 'cover-letter'] as const
const models = ['gpt-4o', 'gpt-4o-mini', 'o3', 'text-embedding-3-large'] as const

export type ActivityRows = Readonly<Record<'BackgroundTask' | 'TelemetryEvent' | 'FeatureUsage' | 'OpenAIUsage', Row[]>>

/** What a person did: tasks, events, uses of features, calls of a language model. */
export function makeActivityRows(person: Person): ActivityRows {
  const { random } = person
  return {
    BackgroundTask: repeat(random.integer(1, 4), () => taskRow(person)),
    TelemetryEvent: repeat(random.integer(8, 20), () => eventRow(person)),
    FeatureUsage: featureRows(person),
    OpenAIUsage: repeat(random.integer(1, 7), () => modelCallRow(person)),
  }
}

function taskRow(person: Person): Row {
  const { random } = person
  const status = random.pick(['QUEUED', 'RUNNING', 'SUCCEEDED', 'SUCCEEDED', 'SUCCEEDED', 'FAILED', 'CANCELLED'] as const)
  const createdMs = momentOf(person)
  const startedMs = createdMs + random.integer(5, 60_000)
  const isEnded = status === 'SUCCEEDED' || status === 'FAILED' || status === 'CANCELLED'
  return {
    id: random.cuid(),
    // A task outlives its user, and a device may have none.
    userId: random.chance(0.1) ? null : person.id,
    deviceId: `device-${random.letters(10)}`,
    kind: random.pick(['cv.generate', 'cv.translate', 'export.pdf', 'cover-letter'] as const),
    status,
    progress: status === 'SUCCEEDED' ? 1 : status === 'QUEUED' ? 0 : random.fraction(),
    payload: storedJson(
      random.chance(0.3) ? random.pick(awkwardJson) : { language: random.pick(['en', 'fr', 'de']), pages: random.integer(1, 4) },
    ),
    // JSON null and no value at all are two things; both are here.
    result:
      status === 'SUCCEEDED'
        ? storedJson(random.chance(0.2) ? random.pick([null, ...awkwardJson]) : { bytes: random.integer(1_000, 90_000) })
        : null,
    error: status === 'FAILED' ? `TimeoutError: no answer in 30 s\n    at ${random.pick(awkwardTexts).slice(0, 200)}` : null,
    createdAt: storedDate(createdMs),
    startedAt: status === 'QUEUED' ? null : storedDate(startedMs),
    finishedAt: isEnded ? storedDate(startedMs + random.integer(1, 600_000)) : null,
  }
}

function eventRow(person: Person): Row {
  const { random } = person
  const properties = random.chance(0.2)
    ? random.pick(awkwardJson)
    : { viewport: [random.integer(320, 2560), 900], dark: random.chance(0.5), referrer: null }
  return {
    userId: random.chance(0.15) ? null : person.id,
    sessionId: `web-${random.letters(16)}`,
    type: random.pick(eventTypes),
    path: random.chance(0.1) ? null : random.pick(paths),
    message: random.chance(0.5) ? null : random.chance(0.3) ? random.pick(awkwardTexts) : `took ${random.integer(1, 900)} ms`,
    properties: random.chance(0.3) ? null : storedJson(properties),
    durationMs: random.chance(0.2) ? null : random.fraction() * 2_000,
    totalBytes: random.chance(0.05)
      ? 9_007_199_254_740_993n + BigInt(random.integer(0, 1_000_000))
      : BigInt(random.integer(0, 2_000_000_000)),
    timestamp: storedDate(momentOf(person)),
  }
}

function featureRows(person: Person): Row[] {
  const { random } = person
  const seen = new Set<string>()
  return repeat(random.integer(1, 5), () => {
    const usedMs = momentOf(person)
    const dayStartMs = usedMs - (usedMs % dayMs)
    const feature = random.pick(features)
    const count = random.integer(1, 40)
    return { userId: person.id, feature, day: storedDate(dayStartMs), count, lastUsedAt: storedDate(Math.min(usedMs, presentMs)) }
  }).filter(({ feature, day }) => {
    const key = `${feature} ${day}`
    return !seen.has(key) && seen.add(key)
  })
}

function modelCallRow(person: Person): Row {
  const { random } = person
  const promptTokens = random.integer(50, 12_000)
  const completionTokens = random.integer(0, 4_000)
  return {
    userId: random.chance(0.1) ? null : person.id,
    model: random.pick(models),
    feature: random.pick(features),
    promptTokens,
    completionTokens,
    // Sums of tiny prices: as many digits as a double has.
    costUsd: promptTokens * 0.0000025 + completionTokens * 0.00001 + random.fraction() / 1e6,
    cached: storedBoolean(random.chance(0.2)),
    createdAt: storedDate(momentOf(person)),
  }
}
