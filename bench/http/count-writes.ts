import Database from 'better-sqlite3'
import { z } from 'zod'
import { startCredits } from './app-under-load'
import type { ClientResult, PersonResult } from './client-protocol'
import type { Session } from './session'

const listSchema = z.object({ cvs: z.array(z.object({ id: z.string(), title: z.string() })) })

/** What a person's list is not, that it should be by what they were told. Each title is unlike every other. */
export async function findFaultsOfList(session: Session, { email, present, absent, open }: PersonResult): Promise<readonly string[]> {
  const answer = await session.fetch('/api/cvs')
  if (answer.status !== 200) return [`${email}: the list is answered with ${answer.status}`]
  const { cvs } = listSchema.parse(await answer.json())
  const times = new Map<string, number>()
  for (const { title } of cvs) times.set(title, (times.get(title) ?? 0) + 1)
  const allowed = new Set([...present, ...open])
  const unreadable: string[] = []
  // The newest and the oldest: that a row is there says nothing of its file.
  for (const { id, title } of [...cvs.slice(0, 3), ...cvs.slice(-2)]) {
    const cv = await session.fetch(`/api/cvs/${id}`)
    const { text } = (await cv.json()) as { text?: string | null }
    if (text !== `Written as ${title}`) unreadable.push(`${email}: "${title}" cannot be read (${cv.status})`)
  }
  return [
    ...present.filter((title) => times.get(title) !== 1).map((title) => `${email}: "${title}" is there ${times.get(title) ?? 0} times`),
    ...absent.filter((title) => times.has(title)).map((title) => `${email}: "${title}" is there, and was deleted or refused`),
    ...[...times].filter(([title, count]) => !allowed.has(title) || count > 1).map(([title]) => `${email}: "${title}" is there unasked`),
    ...unreadable,
  ]
}

/** Rows that only belong together: a credit for each CV that was ever made, a balance that is the sum of its rows. */
export function findFaultsOfLedger(path: string, results: readonly ClientResult[]): readonly string[] {
  const db = new Database(path, { readonly: true })
  try {
    const row = z.object({ email: z.string(), balance: z.number(), sum: z.number(), spent: z.number() })
    const ledgers = row.array().parse(
      db
        .prepare(
          `SELECT u.email, b.balance, sum(t.amount) AS sum, count(*) - 1 AS spent FROM User u JOIN CreditBalance b ON b.userId = u.id
           JOIN CreditTransaction t ON t.userId = u.id WHERE u.id LIKE 'writer-%' GROUP BY u.id`,
        )
        .all(),
    )
    const orphans = z.object({ table: z.string() }).array().parse(db.pragma('foreign_key_check'))
    const people = new Map(results.flatMap((result) => result.people).map((person) => [person.email, person]))
    return [
      ...ledgers.flatMap(({ email, balance, sum, spent }) =>
        balance === sum && balance === startCredits - spent && people.has(email)
          ? []
          : [`${email}: balance ${balance}, rows sum up to ${sum}`],
      ),
      ...orphans.map(({ table }) => `an orphan in ${table}`),
      ...spentOf(ledgers, results),
    ]
  } finally {
    db.close()
  }
}

/** Never fewer credits spent than CVs acknowledged, and never more than were asked for. */
function spentOf(ledgers: readonly { spent: number }[], results: readonly ClientResult[]): readonly string[] {
  const spent = ledgers.reduce((sum, one) => sum + one.spent, 0)
  const created = results.reduce((sum, one) => sum + one.created, 0)
  const open = results.reduce((sum, one) => sum + one.people.reduce((all, person) => all + person.open.length, 0), 0)
  return spent >= created && spent <= created + open ? [] : [`${spent} credits spent for ${created} CVs acknowledged, ${open} open`]
}
