import { expect, inject, it } from 'vitest'
import { choose, family, migrate } from '@/lib/migration/testing/repaired-migration'
import { createPostgresDatabase } from '@/tests/support/postgres-databases'
import { createSqliteDatabase } from '@/tests/support/sqlite-databases'
import { printMigration } from './migration-output'

const [server] = inject('postgresServers')

it('says with a repair what becomes of the rows that refer to those left out, and how many they were', async () => {
  if (!server) throw new Error('no server')
  await using source = await createSqliteDatabase(family)
  await using target = await createPostgresDatabase(server)
  const printed = printMigration(await migrate(source, target, [choose('orphans', 'delete')]), false)
  expect(printed).toContain('repaired (orphans=delete: The row is left out, and so is every row that then refers to nothing.) ORPHAN_ROWS')
  expect(printed).toContain('orphans=delete  comment.post: 2 rows left out, 1 of them with the rows that they refer to\n')
  expect(printed).toContain('orphans=delete  post.author: 1 row left out\n')
  expect(printed).toContain('orphans=delete  seen.comment: 1 row left out, with the rows that they refer to\n')
})
