import { describe, expect, it } from 'vitest'
import { offlinePostgresql } from './offline-adapter'
import { rewriteForPostgresql } from './prisma-schema'
import { scriptFromEmpty } from './schema-engine'

const twoRelations = `
generator client {
  provider = "prisma-client-js"
  previewFeatures = ["fullTextSearch", "gone"]
}
datasource db {
  provider = "sqlite"
  url      = env("DATABASE_URL")
}
// model Gone {
//   id Int @id
// }
/* enum Gone { */
model Image {
  id       Int       @id
  teamId   String? // @relation(fields: [teamId], references: [id])
  team     Team?     @relation("a (1)", fields: [teamId], references: [id], onDelete: Cascade)
  settings Settings? @relation(fields: [ teamId ], references: [id])
}
model Team {
  id     String  @id
  images Image[] @relation("a (1)")
}
model Settings {
  id     String  @id
  images Image[]
}`

describe('rewriteForPostgresql', () => {
  it('gives two relations over the same fields names of their own, and passes over models in comments', async () => {
    const files = rewriteForPostgresql([{ path: 'schema.prisma', content: twoRelations }])
    const script = await scriptFromEmpty(offlinePostgresql(), files)
    expect(script.match(/ADD CONSTRAINT "[^"]*" FOREIGN KEY \("teamId"\) REFERENCES "\w+"/g)).toEqual([
      'ADD CONSTRAINT "Image_teamId_fkey" FOREIGN KEY ("teamId") REFERENCES "Team"',
      'ADD CONSTRAINT "Image_teamId_fkey2" FOREIGN KEY ("teamId") REFERENCES "Settings"',
    ])
  })
})

describe('names with a double quote', () => {
  const schema = (model: string, rest = '') => [
    { path: 'schema.prisma', content: `model Item {\n  id Int @id\n  code String @default("say \\"x\\"")\n${model}\n}\n${rest}` },
  ]

  it.each([
    ['  name String? @map("na\\"me")', 'Item.name', 'na"me'],
    ['  name String? @default("x") @map(name: "\\"n")', 'Item.name', '"n'],
    ['  @@map("my \\"items\\"")', 'Item', 'my "items"'],
    ['  @@index([code], map: "by\\"code")', 'Item', 'by"code'],
  ])('are refused by their place, since Prisma leaves them as they are on PostgreSQL: %s', (line, place, name) => {
    expect(() => rewriteForPostgresql(schema(line))).toThrow(
      expect.objectContaining({ code: 'MODEL_INVALID', subject: `Item · ${name}`, message: expect.stringContaining(`${place} is mapped`) }),
    )
  })

  it('are none of a comment, of a default or of the label of an enum', async () => {
    const files = rewriteForPostgresql(schema('  // name String? @map("na\\"me")\n  kind Kind?', 'enum Kind {\n  A @map("a\\"b")\n}'))
    expect(await scriptFromEmpty(offlinePostgresql(), files)).toContain(`('a"b')`)
  })
})
