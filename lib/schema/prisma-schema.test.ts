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
