import { awkwardTexts } from './awkward-text'
import { packRows, planRows } from './catalogue-rows'
import { momentOf, type Person, repeat } from './person'
import { type Row, storedDate, storedJson } from './stored-values'

/**
 * A person's ledger in the order of time, and the balance that is its sum. Nothing is spent that was not there,
 * and no user owes credits.
 */
export function makeCreditRows(person: Person, cvCount: number): { readonly CreditBalance: Row[]; readonly CreditTransaction: Row[] } {
  const { id, random } = person
  const moments = repeat(random.integer(3, 7) + cvCount, () => momentOf(person)).sort((a, b) => a - b)
  let balance = 0
  const rows = [person.createdMs, ...moments].map((createdMs, index): Row => {
    const entry = index === 0 ? signUp : nextEntry(person, balance, index <= cvCount)
    balance += entry.amount
    return {
      userId: id,
      packId: entry.packId,
      amount: entry.amount,
      reason: entry.reason,
      note: random.chance(0.1) ? random.pick(awkwardTexts) : null,
      metadata: random.chance(0.4) ? storedJson({ order: random.letters(10), vat: 0.2, lines: [{ balance }] }) : null,
      createdAt: storedDate(createdMs),
    }
  })
  const last = moments.at(-1) ?? person.createdMs
  return { CreditBalance: [{ userId: id, balance, updatedAt: storedDate(last) }], CreditTransaction: rows }
}

interface Entry {
  readonly amount: number
  readonly reason: 'SIGN_UP' | 'PURCHASE' | 'PLAN_GRANT' | 'CV_CREATED' | 'CV_GENERATED' | 'REFUND'
  readonly packId: number | null
}

const signUp: Entry = { amount: 10, reason: 'SIGN_UP', packId: null }

function nextEntry({ random }: Person, balance: number, forCv: boolean): Entry {
  if (forCv && balance >= 1) return { amount: -1, reason: 'CV_CREATED', packId: null }
  const choice = random.fraction()
  if (choice < 0.35 && balance >= 5) return { amount: -5, reason: 'CV_GENERATED', packId: null }
  if (choice < 0.55) {
    const pack = random.pick(packRows)
    return { amount: pack.credits, reason: 'PURCHASE', packId: pack.id }
  }
  if (choice < 0.65) return { amount: 1, reason: 'REFUND', packId: null }
  return { amount: random.pick(planRows).monthlyCredits, reason: 'PLAN_GRANT', packId: null }
}
