import { join } from 'node:path'
import { afterEach, beforeEach, describe, expect, it } from 'vitest'
import { initialiseActiveDatabase, transitionActiveDatabase } from '@/lib/control/active-database'
import { type ControlStore, openControlStore } from '@/lib/control/control-store'
import { enqueueJob } from '@/lib/jobs/job-queue'
import { createCvsiteDatabase, type TestSqliteDatabase } from '@/tests/support/sqlite-databases'
import { createMaintainHandler } from './maintain'

const requestedBy = 'admin@example.org'
const context = { jobId: 'a job', requestedBy, report: () => undefined, signal: new AbortController().signal }

let database: TestSqliteDatabase
let store: ControlStore
const handler = () => createMaintainHandler({ store, sqlitePath: database.path, openTarget: () => '' })

beforeEach(async () => {
  database = await createCvsiteDatabase()
  store = await openControlStore(join(database.folder, 'control.db'))
  await initialiseActiveDatabase(store, { status: 'on-sqlite' }, 'test')
})
afterEach(async () => {
  await store.close()
  await database.remove()
})

describe('a job of maintenance', () => {
  it('does the routine of the engine that is active', async () => {
    expect(await handler()({ operation: 'routine' }, context)).toMatchObject({
      status: 'succeeded',
      result: {
        engine: 'sqlite',
        items: [
          { target: 'optimize', outcome: 'done' },
          { target: 'checkpoint', outcome: 'done' },
        ],
      },
    })
  })

  it('answers what went wrong and throws nothing, so that nothing has to be recovered', async () => {
    expect(await handler()({ operation: 'reindex' }, context)).toMatchObject({ status: 'failed', error: { code: 'STATE_CONFLICT' } })
  })

  it('does nothing to a database that is being migrated, and is not queued beside another exclusive job', async () => {
    await enqueueJob(store, { kind: 'maintain', payload: { operation: 'routine' }, requestedBy })
    await expect(enqueueJob(store, { kind: 'maintain', payload: { operation: 'optimize' }, requestedBy })).rejects.toMatchObject({
      code: 'LEASE_HELD',
    })
    const target = { sealedUrl: 'sealed', label: 'app@db:5432/app' }
    await transitionActiveDatabase(store, {
      from: 1,
      to: { status: 'migrating', jobId: 'm', target, since: new Date().toISOString() },
      actor: 'test',
    })
    expect(await handler()({ operation: 'vacuum-file' }, context)).toMatchObject({ status: 'failed', error: { code: 'STATE_CONFLICT' } })
  })
})
