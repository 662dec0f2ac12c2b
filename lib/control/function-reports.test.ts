import { afterEach, beforeEach, expect, it } from 'vitest'
import { z } from 'zod'
import { createTemporaryFolder, type TemporaryFolder } from '@/tests/support/sqlite-databases'
import { listAudit } from './audit'
import { type ControlStore, openControlStore } from './control-store'
import { createFunctionReportStore } from './function-reports'

let folder: TemporaryFolder
let store: ControlStore
beforeEach(async () => {
  folder = await createTemporaryFolder('function-reports')
  store = await openControlStore(`${folder.path}/control.db`)
})
afterEach(async () => {
  await store.close()
  await folder[Symbol.asyncDispose]()
})

it('signs off each tick in the audit log, and notices when one is changed behind its back', async () => {
  const reports = createFunctionReportStore(store, z.object({ status: z.string() }))
  const read = async () => (await reports.list(1))[0]
  await reports.save({ id: 'r1', requestedBy: 'a@x', result: { status: 'passed' } })
  expect(await read()).toMatchObject({ ticks: [], signedOff: null })

  await reports.tick('r1', 'sign-in', 'works', 'b@x')
  const first = await read()
  await reports.tick('r1', 'credits', 'broken', 'c@x')
  const second = await read()
  expect(second).toMatchObject({
    ticks: [
      { item: 'credits', outcome: 'broken', by: 'c@x' },
      { item: 'sign-in', outcome: 'works', by: 'b@x' },
    ],
    signedOff: { isUnchanged: true },
  })
  // The report's own checksum stays what it was; the ticks have one of their own, a new one with each tick.
  expect(second?.checksum).toBe(first?.checksum)
  expect(second?.signedOff?.checksum).not.toBe(first?.signedOff?.checksum)
  const logged = (await listAudit(store, 20)).filter(({ action }) => action === 'functions.ticked').map(({ detail }) => detail.checksum)
  expect(logged.sort()).toEqual([first?.signedOff?.checksum, second?.signedOff?.checksum].sort())

  await reports.tick('r1', 'credits', null, 'c@x')
  expect(await read()).toMatchObject({ ticks: [{ item: 'sign-in' }], signedOff: { isUnchanged: true } })
  await store.write((transaction) => transaction.functionTick.updateMany({ data: { outcome: 'broken' } }))
  expect(await read()).toMatchObject({ signedOff: { isUnchanged: false } })
  await store.write((transaction) => transaction.functionTick.deleteMany())
  expect(await read()).toMatchObject({ ticks: [], signedOff: { isUnchanged: false } })
  await expect(reports.tick('absent', 'credits', 'works', 'c@x')).rejects.toMatchObject({ code: 'NOT_FOUND' })
})
