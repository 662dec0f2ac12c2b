import { copyFileSync, readFileSync } from 'node:fs'
import { isDeepStrictEqual } from 'node:util'
import { PrismaBetterSqlite3 } from '@prisma/adapter-better-sqlite3'
import { PrismaPg } from '@prisma/adapter-pg'
import Database from 'better-sqlite3'
import fc from 'fast-check'
import { expect, inject, it } from 'vitest'
import { PrismaClient as PostgresClient } from '@/lib/database/generated/postgresql/client'
import { PrismaClient as SqliteClient } from '@/lib/database/generated/sqlite/client'
import { createCvsiteDatabase } from '@/tests/support/sqlite-databases'
import { comparable } from './comparable'
import { migrateWhole } from './whole-migration'

const model = readFileSync(new URL('../../prisma/schema.prisma', import.meta.url), 'utf8')

const text = fc.string({ unit: 'grapheme', maxLength: 20 }).filter((value) => !value.includes('\0') && !/\p{Surrogate}/u.test(value))
const moment = fc.date({ min: new Date('0001-01-02T00:00:00Z'), max: new Date('9999-12-30T00:00:00Z'), noInvalidDate: true })
const json = fc
  .jsonValue({ maxDepth: 3, stringUnit: 'grapheme-ascii' })
  // jsonb has no negative zero; a Json field of null would be the database's NULL.
  .filter((value) => value !== null && !JSON.stringify(value).includes('\\u0000'))
  .map((value) => JSON.parse(JSON.stringify(value)) as object)
const decimal = fc
  .tuple(fc.integer({ min: -999_999, max: 999_999 }), fc.integer({ min: 0, max: 6 }))
  .map(([digits, places]) => (digits / 10 ** places).toFixed(places))
const file = fc.record({
  title: text,
  source: fc.constantFrom('WRITTEN', 'UPLOADED', 'GENERATED'),
  sizeBytes: fc.integer({ min: -(2 ** 31), max: 2 ** 31 - 1 }),
  sha256: fc.uint8Array({ maxLength: 40 }).map((bytes) => Uint8Array.from(bytes)),
  outline: fc.option(json),
  matchScore: fc.option(fc.double({ noNaN: true, noDefaultInfinity: true })),
  createdAt: moment,
})
const person = fc.record({
  name: fc.option(text),
  emailVerified: fc.option(moment),
  role: fc.constantFrom('USER', 'ADMIN'),
  createdAt: moment,
  files: fc.array(file, { maxLength: 3 }),
  plan: fc.record({
    name: text,
    pricePerMonth: decimal,
    features: json,
    isActive: fc.boolean(),
    sortOrder: fc.integer({ min: -1000, max: 1000 }),
  }),
  events: fc.array(
    fc.record({
      at: moment,
      bytes: fc.bigInt({ min: -(2n ** 63n), max: 2n ** 63n - 1n }),
      ms: fc.double({ noNaN: true, noDefaultInfinity: true }),
      properties: fc.option(json),
    }),
    { maxLength: 3 },
  ),
})

it('1, 2, 24, 25: whole databases, written through Prisma in both forms of dates, are read through both Prisma clients as equal', async () => {
  await fc.assert(
    fc.asyncProperty(fc.array(person, { minLength: 2, maxLength: 5 }), async (people) => {
      await using source = await createCvsiteDatabase()
      // One half in ISO 8601, one half in milliseconds, as an upgrade of Prisma leaves them, in the same columns.
      const half = Math.ceil(people.length / 2)
      await write(source.path, people.slice(0, half), 0, 'iso8601')
      await write(source.path, people.slice(half), half, 'unixepoch-ms')
      mixStorageClasses(source.path)
      await using moved = await migrateWhole({ url: inject('embeddedPostgresUrl') }, (path) => copyFileSync(source.path, path), model)
      expect(moved.result.error).toBeUndefined()
      const before = new SqliteClient({ adapter: new PrismaBetterSqlite3({ url: `file:${source.path}` }) })
      const after = new PostgresClient({ adapter: new PrismaPg({ connectionString: moved.target.url }) })
      try {
        const [was, is] = [comparable(await readAll(before)), comparable(await readAll(after))]
        expect(isDeepStrictEqual(was, is), `${JSON.stringify(was)}\n${JSON.stringify(is)}`).toBe(true)
      } finally {
        await before.$disconnect()
        await after.$disconnect()
      }
    }),
    { numRuns: Number(process.env.FIDELITY_RUNS ?? 2), endOnFailure: true },
  )
})

type Person = typeof person extends fc.Arbitrary<infer T> ? T : never

async function write(path: string, people: readonly Person[], from: number, timestampFormat: 'iso8601' | 'unixepoch-ms'): Promise<void> {
  const client = new SqliteClient({ adapter: new PrismaBetterSqlite3({ url: `file:${path}` }, { timestampFormat }) })
  try {
    for (const [index, { files, plan, events, ...user }] of people.entries()) {
      const number = from + index
      await client.user.create({
        data: {
          ...user,
          email: `${number}@example.org`,
          cvFiles: {
            create: files.map(({ outline, ...rest }, place) => ({
              ...rest,
              ...(outline === null ? {} : { outline }),
              filename: `${place}.txt`,
              storagePath: `${number}/${place}`,
            })),
          },
          subscriptions: {
            create: [
              {
                currentPeriodStart: user.createdAt,
                currentPeriodEnd: user.createdAt,
                plan: { create: { ...plan, slug: `plan ${number}`, description: plan.name, monthlyCredits: number } },
              },
            ],
          },
          telemetryEvents: {
            create: events.map(({ at, bytes, ms, properties }) => ({
              sessionId: 's',
              type: 't',
              timestamp: at,
              totalBytes: bytes,
              durationMs: ms,
              ...(properties === null ? {} : { properties }),
            })),
          },
        },
      })
    }
  } finally {
    await client.$disconnect()
  }
}

/** The forms that other programs leave in the same columns, each of the same meaning to Prisma. */
function mixStorageClasses(path: string): void {
  const db = new Database(path)
  db.exec(`UPDATE "CvFile" SET "matchScore" = CAST("matchScore" AS INTEGER) WHERE abs("matchScore") < 1e15 AND rowid % 2 = 0;
    UPDATE "SubscriptionPlan" SET "isActive" = CASE "isActive" WHEN 1 THEN 'true' ELSE 'FALSE' END WHERE rowid % 2 = 0;
    UPDATE "CvFile" SET "sizeBytes" = "sizeBytes" + 0.0 WHERE rowid % 3 = 0;
    UPDATE "User" SET "updatedAt" = strftime('%Y-%m-%d %H:%M:%S', 'now') WHERE rowid % 2 = 0`)
  db.close()
}

function readAll(client: Pick<SqliteClient, 'user'> | Pick<PostgresClient, 'user'>): Promise<unknown> {
  // The two clients are generated from one model and differ in nothing that is asked here.
  return (client as SqliteClient).user.findMany({
    orderBy: { email: 'asc' },
    include: {
      cvFiles: { orderBy: { filename: 'asc' } },
      subscriptions: { include: { plan: true } },
      telemetryEvents: { orderBy: { id: 'asc' } },
    },
  })
}
