import { createHash } from 'node:crypto'
import { storagePathOf } from '@/lib/cv/cv-store'
import { makeActivityRows } from './activity-rows'
import { awkwardTexts } from './awkward-text'
import { makeCreditRows } from './credit-rows'
import { type CvDocument, writeCvDocument } from './cv-documents'
import { personName } from './people'
import { dayMs, momentOf, type Person, presentMs, repeat } from './person'
import { createRandom, type Random } from './random'
import { type Row, type RowsByTable, storedBoolean, storedDate, storedJson } from './stored-values'

export interface CvFileContent {
  readonly storagePath: string
  readonly body: Buffer
}

export interface UserRows {
  readonly rows: RowsByTable
  /** The CVs of the rows in CvFile, to be encrypted and written. */
  readonly files: readonly CvFileContent[]
}

export interface UserRowsOptions {
  readonly seed: string
  /** 0 is the administrator, 1 the user of demoAccounts. */
  readonly index: number
  readonly account: { readonly email: string; readonly name: string } | null
  /** The hash of the password that demo users have. */
  readonly passwordHash: string
  /** CVs that may still be written. */
  readonly cvsLeft: number
}

/**
 * All rows of one user, the same for the same seed and index. Ids that the database counts up are left out:
 * they follow from the order of insertion.
 */
export function makeUserRows({ seed, index, account, passwordHash, cvsLeft }: UserRowsOptions): UserRows {
  const random = createRandom(seed, `user ${index}`)
  const createdMs = presentMs - random.integer(2 * dayMs, 730 * dayMs)
  const id = random.cuid()
  const name = account?.name ?? (random.chance(0.05) ? null : random.chance(0.03) ? random.pick(awkwardTexts) : personName(random))
  const person: Person = { id, name, createdMs, random }
  const email = account?.email ?? `user${index}@cvsite.test`
  const signsInElsewhere = account === null && random.chance(0.4)
  const hasPassword = account !== null || !signsInElsewhere || random.chance(0.3)
  const user: Row = {
    id,
    name,
    email,
    emailVerified: signsInElsewhere || random.chance(0.6) ? storedDate(createdMs + random.integer(1_000, dayMs)) : null,
    image: signsInElsewhere ? `https://avatars.example/${random.letters(12)}?s=96&v=4` : null,
    passwordHash: hasPassword ? passwordHash : null,
    role: index === 0 ? 'ADMIN' : 'USER',
    locale: random.chance(0.5) ? 'fr' : 'en',
    createdAt: storedDate(createdMs),
    updatedAt: storedDate(createdMs + random.integer(0, presentMs - createdMs)),
  }
  const cvs = makeCvRows(person, account === null ? random.integer(0, 3) : 3, cvsLeft)
  return {
    rows: {
      User: [user],
      Account: signsInElsewhere ? makeAccountRows(person) : [],
      Session: repeat(random.integer(0, 2), () => ({
        id: random.cuid(),
        sessionToken: `${random.letters(8)}-${random.letters(24)}`,
        userId: id,
        expires: storedDate(presentMs + random.integer(-30 * dayMs, 30 * dayMs)),
      })),
      VerificationToken: random.chance(0.15)
        ? [
            {
              identifier: email,
              token: sha256Hex(`${seed} ${id} token`),
              expires: storedDate(presentMs + random.integer(-5 * dayMs, dayMs)),
            },
          ]
        : [],
      CvFile: cvs.rows,
      Subscription: account === null ? makeSubscriptionRows(person) : [demoSubscription(person)],
      ...makeCreditRows(person, cvs.rows.length),
      ...makeActivityRows(person),
    },
    files: cvs.files,
  }
}

function makeCvRows(person: Person, wanted: number, left: number): { rows: Row[]; files: CvFileContent[] } {
  const { random } = person
  const rows: Row[] = []
  const files: CvFileContent[] = []
  // What each CV is made of is drawn even when it may not be written, so that the cap changes no other row.
  for (let index = 0; index < wanted; index++) {
    const document = writeCvDocument(random, person.name ?? 'Curriculum vitae', index)
    const storagePath = storagePathOf(random.letters(24))
    const row = cvRow(person, document, storagePath)
    if (index >= left) continue
    rows.push(row)
    files.push({ storagePath, body: document.body })
  }
  return { rows, files }
}

function cvRow(person: Person, document: CvDocument, storagePath: string): Row {
  const { random } = person
  const createdMs = momentOf(person)
  const outline = {
    sections: random.integer(1, 6),
    languages: ['en', 'fr'].slice(0, random.integer(0, 2)),
    years: random.integer(0, 40) / 4,
  }
  return {
    id: random.cuid(),
    userId: person.id,
    filename: document.filename,
    title: random.chance(0.05) ? random.pick(awkwardTexts).slice(0, 80) || 'Untitled' : document.title,
    source: document.contentType === 'application/pdf' ? 'UPLOADED' : random.pick(['WRITTEN', 'GENERATED', 'UPLOADED'] as const),
    storagePath,
    contentType: document.contentType,
    sizeBytes: document.body.length,
    sha256: createHash('sha256').update(document.body).digest(),
    outline: random.chance(0.2) ? null : storedJson(outline),
    matchScore: random.chance(0.3) ? null : random.fraction(),
    createdAt: storedDate(createdMs),
    updatedAt: storedDate(createdMs + random.integer(0, dayMs)),
  }
}

function makeAccountRows({ id, random }: Person): Row[] {
  const providers = random.chance(0.2) ? (['github', 'google'] as const) : ([random.pick(['github', 'google'] as const)] as const)
  return providers.map((provider) => ({
    id: random.cuid(),
    userId: id,
    type: 'oauth',
    provider,
    providerAccountId: provider === 'google' ? `1${digits(random, 20)}` : digits(random, 8),
    refresh_token: random.chance(0.5) ? `1//${random.letters(60)}` : null,
    access_token: `gho_${random.letters(36)}`,
    expires_at: random.chance(0.7) ? Math.floor(presentMs / 1000) + random.integer(-100_000, 100_000) : null,
    token_type: 'bearer',
    scope: provider === 'google' ? 'openid email profile' : 'read:user,user:email',
    id_token: provider === 'google' ? `${random.letters(40)}.${random.letters(300)}.${random.letters(80)}` : null,
    session_state: null,
  }))
}

function makeSubscriptionRows(person: Person): Row[] {
  const { random } = person
  return repeat(random.pick([0, 1, 1, 1, 2] as const), () => {
    const createdMs = momentOf(person)
    const status = random.pick(['TRIALING', 'ACTIVE', 'ACTIVE', 'ACTIVE', 'PAST_DUE', 'CANCELED'] as const)
    return {
      id: random.cuid(),
      userId: person.id,
      planId: random.integer(1, 4),
      status,
      externalId: random.chance(0.8) ? `sub_${random.letters(24)}` : null,
      currentPeriodStart: storedDate(createdMs),
      currentPeriodEnd: storedDate(createdMs + 30 * dayMs),
      cancelAtPeriodEnd: storedBoolean(status === 'CANCELED' || random.chance(0.1)),
      createdAt: storedDate(createdMs),
      updatedAt: storedDate(createdMs + random.integer(0, 30 * dayMs)),
    }
  })
}

/** Whoever tries the app out sees a plan that runs. */
function demoSubscription({ id, random, createdMs }: Person): Row {
  return {
    id: random.cuid(),
    userId: id,
    planId: 3,
    status: 'ACTIVE',
    externalId: `sub_${random.letters(24)}`,
    currentPeriodStart: storedDate(presentMs),
    currentPeriodEnd: storedDate(presentMs + 730 * dayMs),
    cancelAtPeriodEnd: storedBoolean(false),
    createdAt: storedDate(createdMs),
    updatedAt: storedDate(createdMs),
  }
}

function digits(random: Random, length: number): string {
  return repeat(length, () => String(random.integer(0, 9))).join('')
}

function sha256Hex(text: string): string {
  return createHash('sha256').update(text).digest('hex')
}
