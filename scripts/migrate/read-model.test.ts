import { mkdir, writeFile } from 'node:fs/promises'
import { join } from 'node:path'
import { expect, inject, it } from 'vitest'
import { migrate } from '@/lib/migration/testing/repaired-migration'
import { createPostgresDatabase } from '@/tests/support/postgres-databases'
import { createSqliteDatabase } from '@/tests/support/sqlite-databases'
import { readModel } from './read-model'

const [server] = inject('postgresServers')

it('one file of a schema in several: where Prisma misses a type, the folder is named', async () => {
  if (!server) throw new Error('no server')
  await using source = await createSqliteDatabase('CREATE TABLE a (id INTEGER PRIMARY KEY)')
  await using target = await createPostgresDatabase(server)
  const folder = join(source.folder, 'schema')
  await mkdir(folder)
  await writeFile(join(folder, 'schema.prisma'), 'datasource db {\n provider = "sqlite"\n}\nmodel a {\n id Int @id\n b B[]\n}')
  const alone = await migrate(source, target, [], { model: await readModel(join(folder, 'schema.prisma')) })
  expect(alone.error).toMatchObject({ code: 'MODEL_INVALID', hint: 'Check it with: npx prisma validate.' })
  await writeFile(join(folder, 'b.prisma'), 'model B {\n id Int @id\n aId Int\n a a @relation(fields: [aId], references: [id])\n}')
  const one = await migrate(source, target, [], { model: await readModel(join(folder, 'schema.prisma')) })
  expect(one.error).toMatchObject({ code: 'MODEL_INVALID', hint: expect.stringContaining(`give the folder, --schema ${folder}`) })
  expect(await readModel(folder)).toMatchObject({ kind: 'schema', files: [{}, {}] })
  await writeFile(join(source.folder, 'other.prisma'), 'datasource db {\n provider = "mysql"\n}\nmodel a {\n id Int @id\n}')
  const other = await migrate(source, target, [], { model: await readModel(join(source.folder, 'other.prisma')) })
  expect(other.error).toMatchObject({ code: 'MODEL_INVALID', hint: expect.stringContaining('or leave --schema out') })
})
