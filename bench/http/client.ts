/**
 * A process of people at their browsers: `node --import tsx bench/http/client.ts '<ClientOptions as JSON>'`. Signs in once, then
 * creates, opens and deletes CVs through the app's routes until its parent says stop; then answers what it was told.
 */
import { setTimeout as delay } from 'node:timers/promises'
import { type ClientResult, clientOptionsSchema, type PersonResult } from './client-protocol'
import { type Session, sessionOf, signIn } from './session'

const options = clientOptionsSchema.parse(JSON.parse(process.argv[2] ?? ''))
const result: ClientResult = { people: [], created: 0, deleted: 0, opened: 0, refused: {}, cut: 0, unexpected: [], waits: [] }
let isStopped = false
// Its parent is gone: nobody will ask for the result.
process.once('disconnect', () => process.exit(1))
process.on('message', (message) => {
  if (message === 'stop') isStopped = true
})
await Promise.all(options.people.map((person, index) => work(person, index)))
process.send?.(result, () => process.exit(0))

interface Known {
  readonly title: string
  readonly id: string
}

/** One person, who does one thing after the other; what must be there in the end is known without looking. */
async function work({ email, password }: { email: string; password: string }, index: number): Promise<void> {
  const [first = ''] = options.urls
  const { origin } = options
  // Once, before anything is moved: the session has to survive all that follows.
  const { cookie } = await signIn({ url: first, origin, email, password })
  const sessions = options.urls.map((url) => sessionOf(url, origin, cookie))
  const mine: { present: Known[]; absent: string[]; open: string[] } = { present: [], absent: [], open: [] }
  const pauseMs = (1_000 * options.people.length) / options.perSecond
  await delay(Math.random() * pauseMs)
  for (let step = 0; !isStopped; step += 1) {
    const started = performance.now()
    const web = (step + index) % sessions.length
    const session = sessions[web] as Session
    const known = mine.present.length > 0 ? mine.present[step % mine.present.length] : undefined
    const kind = known === undefined ? 'create' : (['create', 'open', 'create', 'delete'] as const)[step % 4]
    const done = await (kind === 'create' || known === undefined
      ? create(session, `${options.name} ${email} ${step}`, mine)
      : kind === 'open'
        ? open(session, known)
        : remove(session, known, mine))
    if (done) {
      result.waits.push([performance.timeOrigin + started, Math.round(performance.now() - started), web])
      process.send?.('written')
    } else await delay(50)
    await delay(Math.max(0, pauseMs - (performance.now() - started)))
  }
  const person: PersonResult = { email, present: mine.present.map(({ title }) => title), absent: mine.absent, open: mine.open }
  result.people.push(person)
}

async function create(session: Session, title: string, mine: { present: Known[]; absent: string[]; open: string[] }): Promise<boolean> {
  const answer = await ask(session, '/api/cvs', { method: 'POST', body: { title, text: `Written as ${title}` } })
  if (answer.status === 201) {
    result.created += 1
    mine.present.push({ title, id: (answer.body as { cv: { id: string } }).cv.id })
    return true
  }
  if (isRefusal(answer)) mine.absent.push(title)
  else mine.open.push(title)
  return false
}

async function open(session: Session, { id }: Known): Promise<boolean> {
  const answer = await ask(session, `/api/cvs/${id}`)
  if (answer.status === 200) {
    result.opened += 1
    return true
  }
  isRefusal(answer)
  return false
}

async function remove(session: Session, known: Known, mine: { present: Known[]; absent: string[]; open: string[] }): Promise<boolean> {
  const answer = await ask(session, `/api/cvs/${known.id}`, { method: 'DELETE' })
  const forget = () => mine.present.splice(mine.present.indexOf(known), 1)
  if (answer.status === 200) {
    result.deleted += 1
    forget()
    mine.absent.push(known.title)
    return true
  }
  if (!isRefusal(answer)) {
    forget()
    mine.open.push(known.title)
  }
  return false
}

interface Answer {
  /** 0: there was none. */
  readonly status: number
  readonly body: unknown
}

async function ask(session: Session, path: string, init?: { method: string; body?: unknown }): Promise<Answer> {
  try {
    const response = await session.fetch(path, init)
    const text = await response.text()
    return { status: response.status, body: parse(text) }
  } catch {
    result.cut += 1
    return { status: 0, body: null }
  }
}

/** Whether nothing was done and the same may be asked again; counts it. What is neither that nor cut is a fault. */
function isRefusal({ status, body }: Answer): boolean {
  if (status === 0) return false
  const error = (body as { error?: { code?: string; retryable?: boolean; message?: string } } | null)?.error
  const code = error?.code ?? `status ${status}`
  const isKind = error?.retryable === true && [409, 423, 502, 503, 504].includes(status)
  // The database was cut off before it said whether it had saved.
  if (code === 'TARGET_CONNECTION_LOST' && error?.retryable === false) {
    result.cut += 1
    return false
  }
  if (isKind) result.refused[code] = (result.refused[code] ?? 0) + 1
  else if (result.unexpected.length < 100) result.unexpected.push(`${status} ${code}: ${error?.message ?? ''}`.slice(0, 300))
  return isKind
}

function parse(text: string): unknown {
  try {
    return JSON.parse(text)
  } catch {
    return null
  }
}
