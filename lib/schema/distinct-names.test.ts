import { describe, expect, it } from 'vitest'
import { scriptWithDistinctNames } from './distinct-names'
import { offlinePostgresql } from './offline-adapter'
import { rewriteForPostgresql } from './prisma-schema'

const model = 'InvoiceLineItemsOfCustomersWithALongName'
const field = 'theIdentifierOfTheThing'

/** As people have it on SQLite, which keeps names whole. */
const schema = `
datasource db {
  provider = "sqlite"
  url      = env("DATABASE_URL")
}
model ${model} {
  id Int @id
  ${field}One Int @unique // "@unique" in a comment
  ${field}Two Int @unique
  parentWithALongNameOfItsOwnOne Int
  parentWithALongNameOfItsOwnTwo Int
  a ${model}  @relation("a", fields: [parentWithALongNameOfItsOwnOne], references: [id])
  b ${model}  @relation("b (with a bracket", fields: [parentWithALongNameOfItsOwnTwo], references: [id])
  as ${model}[] @relation("a")
  bs ${model}[] @relation("b (with a bracket")
  @@index([${field}One, id])
  @@index([${field}Two, id])
  @@index([id, ${field}Two], map: "${'m'.repeat(70)}")
  @@map("invoice_line_items_of_customers_with_a_long_name")
}`

describe('scriptWithDistinctNames', () => {
  it('gives names of their own to those that are cut into each other, or are too long, and leaves the others', async () => {
    const { sql, renamed } = await scriptWithDistinctNames(
      offlinePostgresql(),
      rewriteForPostgresql([{ path: 'schema.prisma', content: schema }]),
    )
    const names = [...sql.matchAll(/(?:INDEX|CONSTRAINT) "([^"]+)"/g)].map(([, name]) => name ?? '')
    expect(names).toHaveLength(8)
    expect(new Set(names.map((name) => Buffer.from(name).subarray(0, 63).toString())).size).toBe(8)
    expect(names.filter((name) => Buffer.byteLength(name) > 63)).toEqual([])
    // Each column of the two pairs has its index and its reference still.
    expect(sql.match(/CREATE UNIQUE INDEX .*\("theIdentifierOfTheThing(?:One|Two)"\)/g)).toHaveLength(2)
    expect(sql.match(/FOREIGN KEY \("parentWithALongNameOfItsOwn(?:One|Two)"\)/g)).toHaveLength(2)
    expect(renamed.map(({ attribute }) => attribute)).toEqual([
      'theIdentifierOfTheThingTwo @unique',
      '@@index([theIdentifierOfTheThingTwo, id])',
      `@@index([id, theIdentifierOfTheThingTwo], map: "${'m'.repeat(70)}")`,
      'b @relation("b (with a bracket", fields: [parentWithALongNameOfItsOwnTwo], references: [id])',
    ])
    expect(new Set(renamed.map(({ table }) => table))).toEqual(new Set(['invoice_line_items_of_customers_with_a_long_name']))
    for (const { name } of renamed) expect(names).toContain(name)
  })

  it('leaves every other fault of a schema to its own words', async () => {
    const broken = [{ path: 'schema.prisma', content: 'model A {\n  id Int @id\n  b Missing\n}' }]
    await expect(scriptWithDistinctNames(offlinePostgresql(), rewriteForPostgresql(broken))).rejects.toThrow(/Missing/)
  })
})
