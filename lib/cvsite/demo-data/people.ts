import type { Random } from './random'

/** The accounts that are there in every data set, to sign in with. Only for data made to try things out. */
export const demoAccounts = {
  admin: { email: 'admin@cvsite.test', password: 'bascule-admin-demo', name: 'Ada Admin' },
  /** All demo users with a password have this one; the first user has this address. */
  user: { email: 'user1@cvsite.test', password: 'bascule-user-demo', name: 'Ursule Utilisatrice' },
} as const

const givenNames = [
  'Aïcha',
  'Léa',
  'Noé',
  'Zoë',
  'José',
  'Søren',
  'Łukasz',
  'Nguyễn',
  'O’Neil',
  'Мария',
  '美咲',
  'محمد',
  'Ana',
  'Tom',
  'Ivy',
] as const
const familyNames = [
  'Dupont',
  'García',
  "D'Angelo",
  'Müller',
  'Šimek',
  '王',
  'Smith',
  'Ó Briain',
  'van der Berg',
  'Иванова',
  'كريم',
  'Žižka',
] as const

export function personName(random: Random): string {
  return `${random.pick(givenNames)} ${random.pick(familyNames)}`
}
