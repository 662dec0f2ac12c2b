import { copyFileSync } from 'node:fs'
import { isDeepStrictEqual } from 'node:util'
import { PrismaBetterSqlite3 } from '@prisma/adapter-better-sqlite3'
import { PrismaPg } from '@prisma/adapter-pg'
import Database from 'better-sqlite3'
import fc from 'fast-check'
import { expect, inject, it } from 'vitest'
import { scriptFromEmpty } from '@/lib/schema/schema-engine'
import { withPostgres } from '@/tests/support/postgres-databases'
import '@/tests/support/property-seed'
import { createSqliteDatabase } from '@/tests/support/sqlite-databases'
import { type ArbitraryModel, type ArbitrarySchema, arbitrarySchema, distinctValue } from './arbitrary-schema'
import { comparable } from './comparable'
import { type GeneratedClient, generateClient } from './generated-client'
import { idTypes, keyOf, type PrintedModel, printModels, printSchema } from './print-schema'
import { migrateWhole } from './whole-migration'

/** Few by default: each makes a database and moves it. FIDELITY_RUNS=100 FAST_CHECK_SEED=random for a hunt, without the schema too. */
const runs = Number(process.env.FIDELITY_RUNS ?? 2)
const givenModels = (prisma: string) => (process.env.FIDELITY_RUNS === undefined ? [prisma] : [prisma, undefined])

it('whole schemas of any form, filled through the SQLite client, are read through the PostgreSQL client as equal', {
  timeout: 240_000 + runs * 60_000,
}, async () => {
  await fc.assert(fc.asyncProperty(arbitrarySchema, moveAndCompare), { numRuns: runs, endOnFailure: true })
})

async function moveAndCompare(schema: ArbitrarySchema): Promise<void> {
  const models = printModels(schema)
  const prisma = printSchema(models, 'sqlite')
  await using source = await createSqliteDatabase('')
  const factory = new PrismaBetterSqlite3({ url: `file:${source.path}` })
  const script = await scriptFromEmpty(factory, [{ path: 'schema.prisma', content: prisma }])
  const db = new Database(source.path)
  db.exec(script)
  db.close()
  await using before = generateClient(models, 'sqlite', factory)
  await fill(before, schema)
  setUnsupported(source.path, models)

  for (const model of givenModels(prisma)) {
    await using moved = await migrateWhole({ url: inject('embeddedPostgresUrl') }, (path) => copyFileSync(source.path, path), model)
    expect(moved.result.error, `${prisma}\n${JSON.stringify(moved.result.findings, null, 1)}`).toBeUndefined()
    // Without the schema the file alone decides: its rows arrive, and columns may have other types than the client expects.
    if (model === undefined) continue
    await using after = generateClient(models, 'postgresql', new PrismaPg({ connectionString: moved.target.url }))
    for (const { name, fields, dbName } of models) {
      const include = Object.fromEntries(fields.filter(({ kind }) => kind === 'object').map((field) => [field.name, true]))
      const query = Object.keys(include).length === 0 ? {} : { include }
      const was = sorted(await before.model(name).findMany(query))
      const is = sorted(await after.model(name).findMany(query))
      expect(isDeepStrictEqual(was, is), `${prisma}\n${name}\n${JSON.stringify(was)}\n${JSON.stringify(is)}`).toBe(true)
      // No client reads a column of an unsupported type.
      const shapes = await withPostgres(moved.target.url, (client) =>
        client.query(`SELECT count(*)::int AS rows FROM public.${quote(dbName ?? name)} WHERE "shape" = 'circle'`),
      )
      expect(shapes.rows[0].rows).toBe(was.length)
    }
    // A key that was given out once is not given out again.
    for (const [index, { id }] of schema.models.entries()) {
      if (id !== 'autoincrement') continue
      const name = `Model${index}`
      const next = await withPostgres(moved.target.url, (client) =>
        client.query(`SELECT nextval(pg_get_serial_sequence($1, 'id'))::int AS next`, [`public.${quote(models[index]?.dbName ?? name)}`]),
      )
      expect(next.rows[0].next).toBe((schema.models[index]?.rows.length ?? 0) + 1)
    }
  }
}

type Key = Readonly<Record<string, unknown>>

/** Writes every row through the client, parents first. */
async function fill(client: GeneratedClient, schema: ArbitrarySchema): Promise<void> {
  const keys: Key[][] = []
  for (const [index, model] of schema.models.entries()) {
    const written: Key[] = []
    keys.push(written)
    for (const [number, row] of model.rows.entries()) {
      const data: Record<string, unknown> = { ...givenKey(model, number) }
      for (const [place, field] of model.fields.entries()) {
        const value = field.unique ? distinctValue(field.type, number) : row.values[place]
        if (value !== undefined && (value !== null || field.type !== 'Json')) data[field.name] = value
        else if (field.type === 'Json' && !field.optional) data[field.name] = {}
        else if (value === undefined && field.type === 'Bytes' && !field.optional) data[field.name] = new Uint8Array()
      }
      let isPossible = true
      for (const [place, parent] of model.parents.entries()) {
        const candidates = keys[parent.model] ?? []
        const fraction = row.parents[place] ?? null
        // One-to-one: each row its own; where there is none left, none, or the row itself is left out.
        const chosen =
          fraction === null ? undefined : parent.isOneToOne ? candidates[number] : candidates[Math.floor(fraction * candidates.length)]
        if (chosen) for (const [name, value] of Object.entries(chosen)) data[`ref${place}_${name}`] = value
        else isPossible &&= parent.optional
      }
      if (!isPossible) continue
      const created = await client.model(model.name).create({ data })
      written.push(Object.fromEntries(keyOf(model).map(({ name }) => [name, created[name]])))
    }
    for (const [a, b] of schema.pairs) if (b === index) await connect(client, keys[a] ?? [], written, a, b)
  }
}

function givenKey({ id }: ArbitraryModel, row: number): Key {
  if (id === 'autoincrement' || id === 'uuid') return {}
  if (id === 'composite') return { idA: row % 2, idB: `part ${row}` }
  return { id: distinctValue(idTypes[id], row) }
}

/** Every row of one side with every other of the other. */
async function connect(client: GeneratedClient, left: readonly Key[], right: readonly Key[], a: number, b: number): Promise<void> {
  for (const [index, where] of left.entries()) {
    const some = right.filter((_, place) => (place + index) % 2 === 0)
    await client.model(`Model${a}`).update({ where, data: { [`many${b}`]: { connect: some } } })
  }
}

function setUnsupported(path: string, models: readonly PrintedModel[]): void {
  const db = new Database(path)
  for (const { name, dbName } of models) db.exec(`UPDATE ${quote(dbName ?? name)} SET "shape" = 'circle'`)
  db.close()
}

function quote(name: string): string {
  return `"${name.replaceAll('"', '""')}"`
}

/** Both engines answer in an order of their own, also within lists. */
function sorted(rows: readonly unknown[]): readonly unknown[] {
  const texts = (value: unknown): unknown =>
    Array.isArray(value)
      ? value.map(texts).sort((one, other) => (JSON.stringify(one) < JSON.stringify(other) ? -1 : 1))
      : value !== null && typeof value === 'object'
        ? Object.fromEntries(Object.entries(value).map(([key, part]) => [key, texts(part)]))
        : value
  return [texts(rows.map(comparable))].flat()
}
