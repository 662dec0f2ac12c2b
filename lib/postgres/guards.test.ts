import type pg from 'pg'
import { afterEach, beforeEach, describe, expect, inject, it } from 'vitest'
import { createPostgresDatabase, type TestPostgresDatabase } from '@/tests/support/postgres-databases'
import { connectPostgres } from './connect'
import { installGuards, sleepGuards, untilWritersEnded, wakeGuards } from './guards'

const never = new AbortController().signal
const guarded = { schema: 'public', tables: ['author', 'book'] }
const fenced = /BASCULE_FENCED: moved/

describe.each([...inject('postgresServers')])('guards on $name', (server) => {
  let database: TestPostgresDatabase
  const clients: pg.Client[] = []
  const connect = async () => {
    const client = await connectPostgres(database.url, { applicationName: 'guards' })
    clients.push(client)
    return client
  }

  beforeEach(async () => {
    database = await createPostgresDatabase(server)
    const client = await connect()
    await client.query(`CREATE SCHEMA bascule; CREATE TABLE author (id int PRIMARY KEY, n int);
      CREATE TABLE book (id int PRIMARY KEY, author int REFERENCES author ON DELETE CASCADE); INSERT INTO author VALUES (1, 0)`)
  })

  afterEach(async () => {
    await Promise.all(clients.splice(0).map((client) => client.end()))
    await database.drop()
  })

  it('let everything pass asleep, refuse every kind of write awake, and pass again', async () => {
    const [ours, app] = [await connect(), await connect()]
    await installGuards(ours, guarded)
    await installGuards(ours, guarded)
    await app.query('UPDATE author SET n = 1; INSERT INTO book VALUES (1, 1)')
    await wakeGuards(ours, guarded, 'moved')
    for (const write of [
      'INSERT INTO author VALUES (2)',
      'UPDATE author SET n = 2',
      'DELETE FROM author',
      'TRUNCATE book',
      'COPY book FROM STDIN',
    ]) {
      await expect(app.query(write), write).rejects.toThrow(fenced)
    }
    expect((await app.query('SELECT n FROM author')).rows).toEqual([{ n: 1 }])
    await sleepGuards(ours)
    await app.query('DELETE FROM author')
    expect((await app.query('SELECT * FROM book')).rows).toEqual([])
  })

  it('refuse who comes after the waking, whatever it has seen before; who was past them is waited for, and nobody else', async () => {
    const [ours, writer, reader, old] = [await connect(), await connect(), await connect(), await connect()]
    await installGuards(ours, guarded)
    await writer.query('BEGIN')
    await writer.query('UPDATE author SET n = n + 1')
    // Neither of them has written: one holds a snapshot from before the waking, and a prepared write.
    await reader.query('BEGIN ISOLATION LEVEL REPEATABLE READ')
    await reader.query('SELECT * FROM author')
    await old.query(`BEGIN ISOLATION LEVEL SERIALIZABLE; PREPARE late AS INSERT INTO book VALUES (7, 1); SELECT * FROM book`)
    await wakeGuards(ours, guarded, 'moved')
    expect(await untilWritersEnded(ours, guarded, 100, never)).toBe(false)
    const ended = untilWritersEnded(ours, guarded, 60_000, never)
    await expect(old.query('EXECUTE late')).rejects.toThrow(fenced)
    await expect(reader.query('UPDATE author SET n = 9')).rejects.toThrow(fenced)
    // It may have written to one table alone: another one has its guard.
    await writer.query('SAVEPOINT s')
    await expect(writer.query('INSERT INTO book VALUES (8, 1)')).rejects.toThrow(fenced)
    await writer.query('ROLLBACK TO s; COMMIT')
    expect(await ended).toBe(true)
    expect((await ours.query('SELECT n FROM author')).rows).toEqual([{ n: 1 }])
  })

  it('are put on table by table, and hold nobody up who writes to another table', async () => {
    const [ours, writer, other] = [await connect(), await connect(), await connect()]
    await writer.query('BEGIN; UPDATE author SET n = 5')
    const installing = installGuards(ours, guarded)
    // Wants both, in the order in which a lock on all of them would be in its way.
    await other.query('BEGIN; INSERT INTO book VALUES (3, NULL)')
    await other.query('UPDATE author SET n = n WHERE id = 99; COMMIT')
    await expect(installGuards(await connect(), { ...guarded, tables: ['author'] }, { patienceMs: 0 })).rejects.toMatchObject({
      code: 'STATE_CONFLICT',
      subject: 'author',
    })
    await writer.query('COMMIT')
    await installing
    await wakeGuards(ours, guarded, 'moved')
    await expect(other.query('DELETE FROM book')).rejects.toThrow(fenced)
  })

  it('are missed when a table has none: then it is not said that nobody writes', async () => {
    const ours = await connect()
    await installGuards(ours, guarded)
    await ours.query('DROP TRIGGER _bascule_fence ON book')
    await expect(wakeGuards(ours, guarded, 'moved')).rejects.toMatchObject({ code: 'STATE_CONFLICT', subject: 'book', retryable: true })
    await installGuards(ours, guarded)
    await wakeGuards(ours, guarded, 'moved')
    await expect(ours.query('DELETE FROM book')).rejects.toThrow(fenced)
  })
})
