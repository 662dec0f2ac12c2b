import { mkdtemp, readdir, readFile, rm } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { afterAll, beforeAll, describe, expect, inject, it } from 'vitest'
import { type ControlStore, openControlStore } from '@/lib/control/control-store'
import { logFolder, openLogFile } from '@/lib/core/log-files'
import { createLogger } from '@/lib/core/logger'
import { startOwnServer } from '@/tests/support/own-server'
import { createPostgresDatabase, withPostgres } from '@/tests/support/postgres-databases'
import { followLogs } from './follow-logs'
import { searchJobLogs } from './job-logs'
import { logQuerySchema } from './log-entry'
import { searchLogFiles } from './log-files'
import { readPostgresLog } from './postgres-log'
import { readLogLines } from './postgres-log-lines'

let folder: string
let store: ControlStore
const query = (part: object = {}) => logQuerySchema.parse(part)

beforeAll(async () => {
  folder = await mkdtemp(join(tmpdir(), 'bascule-logs-'))
  store = await openControlStore(join(folder, 'control.db'))
  await store.write(async (transaction) => {
    await transaction.job.create({
      data: { id: 'job-1', kind: 'migrate', status: 'failed', payload: '{}', requestedBy: 'a', createdAt: new Date() },
    })
    const lines = [
      { type: 'log', level: 'info', message: 'copying User' },
      { type: 'log', level: 'warn', message: 'a slow chunk' },
      { type: 'status', status: 'failed' },
    ]
    for (const [place, event] of lines.entries())
      await transaction.jobEvent.create({
        data: { jobId: 'job-1', seq: place + 1, at: new Date(Date.now() + place), type: event.type, data: JSON.stringify(event) },
      })
  })
})
afterAll(async () => {
  await store.close()
  await rm(folder, { recursive: true, force: true })
})

describe('log files', () => {
  it('hold every line at once, without secrets, and are found by text, level, source, job and time', async () => {
    const logger = createLogger('worker', 'info', await openLogFile(folder, 'worker'))
    const web = createLogger('web', 'info', await openLogFile(folder, 'web'))
    logger.info({ password: 'hunter2', job: 'job-1' }, 'started on postgresql://app:hunter2@db:5432/app')
    logger.error({ err: new Error('connect postgresql://a:hunter2@b/c failed') }, 'a job failed')
    web.warn({ request: { token: 'hunter2' } }, 'slow request')
    const dir = logFolder(folder)
    const texts = await Promise.all((await readdir(dir)).map((name) => readFile(join(dir, name), 'utf8')))
    expect(texts.join('')).not.toContain('hunter2')
    expect(texts.join('')).toContain('[redacted]')
    const find = async (part: object) => (await searchLogFiles(dir, query(part), 100)).map(({ text }) => text)
    expect(await find({})).toHaveLength(3)
    expect(await find({ level: 'error' })).toEqual(['a job failed'])
    expect(await find({ source: 'web' })).toEqual(['slow request'])
    expect(await find({ search: 'STARTED' })).toEqual(['started on postgresql://app:[redacted]@db:5432/app'])
    expect(await find({ job: 'job-1' })).toHaveLength(1)
    expect(await find({ since: new Date(Date.now() + 60_000).toISOString() })).toEqual([])
    expect(await find({ until: new Date(Date.now() - 60_000).toISOString() })).toEqual([])
    expect(await searchLogFiles(dir, query(), 2)).toHaveLength(2)
  })

  it('rotate, and no more of them than a few are kept', async () => {
    const own = join(folder, 'rotated')
    const file = await openLogFile(own, 'web')
    const logger = createLogger('web', 'silent', file)
    const line = `${JSON.stringify({ level: 30, time: Date.now(), msg: 'x'.repeat(500_000) })}\n`
    for (let round = 0; round < 60; round += 1) {
      file.write(line)
      // The next file is opened between two turns of the event loop.
      await new Promise((resolve) => setImmediate(resolve))
    }
    expect(logger.level).toBe('silent')
    await expect.poll(async () => (await readdir(logFolder(own))).length, { timeout: 30_000 }).toBeLessThanOrEqual(6)
    expect((await readdir(logFolder(own))).length).toBeGreaterThan(1)
    expect((await searchLogFiles(logFolder(own), query(), 10)).length).toBe(10)
  })

  it('are followed from now on, with what jobs say, once each', async () => {
    const own = join(folder, 'followed')
    const logger = createLogger('web', 'info', await openLogFile(own, 'web'))
    logger.info('before')
    const source = await followLogs(logFolder(own), store, query({ level: 'info' }))
    logger.info('first')
    const event = { type: 'log', level: 'info', message: 'from a job' }
    await store.write((transaction) =>
      transaction.jobEvent.create({ data: { jobId: 'job-1', seq: 10, at: new Date(), type: 'log', data: JSON.stringify(event) } }),
    )
    const seen: string[] = []
    let last = 0
    const look = async () => {
      for (const { seq, entry } of await source.readAfter(last, 100)) {
        expect(seq).toBe(last + 1)
        last = seq
        seen.push(entry.text)
      }
      return seen.length
    }
    await expect.poll(look, { timeout: 30_000 }).toBe(2)
    logger.info('second')
    await expect.poll(look, { timeout: 30_000 }).toBe(3)
    await look()
    expect(seen.sort()).toEqual(['first', 'from a job', 'second'])
  })
})

it('what jobs said is found by job, level and text', async () => {
  const find = async (part: object) => (await searchJobLogs(store, query(part), 100)).map(({ text }) => text)
  expect(await find({ job: 'job-1', level: 'warn' })).toEqual(['migrate job failed', 'a slow chunk'])
  expect(await find({ search: 'copying' })).toEqual(['copying User'])
  expect(await find({ search: 'migrate job' })).toEqual(['migrate job failed'])
  expect(await find({ source: 'web' })).toEqual([])
  expect(await find({ job: 'another' })).toEqual([])
})

it.each(inject('postgresServers'))(
  'the log of $name: how to find it where it is not collected, for a role with few rights too',
  async (server) => {
    await using database = await createPostgresDatabase(server)
    const role = `reader_${database.name.slice(-8)}`
    await withPostgres(database.url, (client) => client.query(`CREATE ROLE ${role} LOGIN PASSWORD 'secret'`))
    try {
      const url = new URL(database.url)
      url.username = role
      url.password = 'secret'
      for (const address of [database.url, url.href]) {
        expect(await readPostgresLog(address)).toMatchObject({
          status: 'not-readable',
          reason: 'collector-off',
          remedy: expect.stringContaining('journalctl'),
        })
      }
    } finally {
      await withPostgres(server.url, (client) => client.query(`DROP ROLE ${role}`))
    }
  },
)

it('the log of a server that collects it is read in each of its three forms, by a role that was given the rights', async () => {
  const folder = await mkdtemp(join(tmpdir(), 'bascule-server-log-'))
  await using server = await startOwnServer(join(folder, 'postgres'), ['logging_collector=on', 'log_min_error_statement=error'])
  try {
    // It says when it is ready into the log that this is about.
    const isReady = () => withPostgres(server.url, (client) => client.query('SELECT 1')).then(Boolean, () => false)
    await expect.poll(isReady, { timeout: 30_000 }).toBe(true)
    await withPostgres(server.url, (client) => client.query(`CREATE ROLE reader LOGIN PASSWORD 'secret'`))
    const few = new URL(server.url)
    few.username = 'reader'
    few.password = 'secret'
    const refused = await readPostgresLog(few.href)
    if (refused.status !== 'not-readable' || refused.reason !== 'no-rights') throw new Error('read without the right')
    await withPostgres(server.url, (client) => client.query(refused.remedy))
    for (const form of ['stderr', 'csvlog', 'jsonlog']) {
      await withPostgres(server.url, async (client) => {
        await client.query(`ALTER SYSTEM SET log_destination = '${form}'`)
        await client.query('SELECT pg_reload_conf()')
      })
      const wrong = `SELECT 'é"\n', nowhere_${form}`
      const lines = async () => {
        // Until the server has read its settings again, it writes in the form from before.
        await withPostgres(server.url, (client) => client.query(wrong)).catch(() => undefined)
        const log = await readPostgresLog(few.href)
        return log.status === 'read' && log.file.endsWith({ stderr: '.log', csvlog: '.csv', jsonlog: '.json' }[form] ?? '') ? log.lines : []
      }
      await expect
        .poll(async () => (await lines()).join('\n'), { timeout: 30_000 })
        .toMatch(new RegExp(`ERROR.*: .*nowhere_${form}.*(\n.*)?STATEMENT: +SELECT 'é"`))
    }
  } finally {
    await rm(folder, { recursive: true, force: true })
  }
})

it('the first line of a log that is read from its middle is left out, in every form', () => {
  expect(readLogLines('a.log', 'alf a line\nwhole', true)).toEqual(['whole'])
  expect(readLogLines('a.json', '"}\n{"timestamp":"now","message":"whole"}', true)).toEqual(['now [] LOG: whole'])
  const record = '2026-01-01 00:00:00.000 UTC,,,7,,a,1,,now,,0,LOG,00000,"said ""so"",\nand so",,,,,,,,,""\n'
  expect(readLogLines('a.csv', `of one",\n${record}`, true)).toEqual(['2026-01-01 00:00:00.000 UTC [7] LOG: said "so",\nand so'])
})
