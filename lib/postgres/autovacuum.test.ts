import type pg from 'pg'
import { afterEach, beforeEach, describe, expect, inject, it } from 'vitest'
import { createPostgresDatabase, type TestPostgresDatabase } from '@/tests/support/postgres-databases'
import { pauseAutovacuum, resumeAutovacuum } from './autovacuum'
import { connectPostgres } from './connect'

const tables = ['plain', 'no toast', 'with options', 'decided', 'decided for toast', 'view', 'gone']

describe.each([...inject('postgresServers')])('autovacuum on $name', (server) => {
  let database: TestPostgresDatabase
  let client: pg.Client

  beforeEach(async () => {
    database = await createPostgresDatabase(server)
    client = await connectPostgres(database.url, { applicationName: 'autovacuum' })
    await client.query(`CREATE SCHEMA bascule; CREATE TABLE plain (id int, t text); CREATE TABLE "no toast" (id int);
      CREATE TABLE "with options" (id int, t text) WITH (fillfactor = 70, toast.autovacuum_vacuum_threshold = 5);
      CREATE TABLE decided (id int, t text) WITH (autovacuum_enabled = off);
      CREATE TABLE "decided for toast" (id int, t text) WITH (toast.autovacuum_enabled = on);
      CREATE TABLE other (id int); CREATE VIEW "view" AS SELECT 1`)
  })

  afterEach(async () => {
    await client.end()
    await database.drop()
  })

  it('stays away from the tables that are filled and from no other, and comes back to just these', async () => {
    const before = await optionsOf(client)
    await pauseAutovacuum(client, 'public', tables)
    expect(await optionsOf(client)).toEqual({
      ...before,
      plain: 'autovacuum_enabled=off | autovacuum_enabled=off',
      'no toast': 'autovacuum_enabled=off | ',
      'with options': 'fillfactor=70,autovacuum_enabled=off | autovacuum_vacuum_threshold=5,autovacuum_enabled=off',
    })
    // A schema that was made again after a kill.
    await pauseAutovacuum(client, 'public', tables)
    await resumeAutovacuum(client, 'public')
    expect(await optionsOf(client)).toEqual(before)
    await resumeAutovacuum(client, 'public')
    expect(await optionsOf(client)).toEqual(before)
  })

  it('has nothing to come back to where nothing was paused', async () => {
    const before = await optionsOf(client)
    await pauseAutovacuum(client, 'public', ['decided'])
    await resumeAutovacuum(client, 'public')
    expect(await optionsOf(client)).toEqual(before)
  })
})

async function optionsOf(client: pg.Client): Promise<Readonly<Record<string, string>>> {
  const { rows } = await client.query<{ name: string; options: string }>(
    `SELECT c.relname AS name, concat(array_to_string(c.reloptions, ','), ' | ', array_to_string(t.reloptions, ',')) AS options
     FROM pg_class c LEFT JOIN pg_class t ON t.oid = c.reltoastrelid WHERE c.relnamespace = 'public'::regnamespace`,
  )
  return Object.fromEntries(rows.map(({ name, options }) => [name, options]))
}
