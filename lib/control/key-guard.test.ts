import { join } from 'node:path'
import { afterEach, beforeEach, expect, test } from 'vitest'
import { createTemporaryFolder, type TemporaryFolder } from '@/tests/support/sqlite-databases'
import { listAudit } from './audit'
import { type ControlStore, openControlStore } from './control-store'
import { acknowledgeKey, readCompared, readKeys, saveCompared, watchKeys } from './key-guard'

let folder: TemporaryFolder
let store: ControlStore

beforeEach(async () => {
  folder = await createTemporaryFolder('keys')
  store = await openControlStore(join(folder.path, 'control.db'))
})

afterEach(async () => {
  await store.close()
  await folder[Symbol.asyncDispose]()
})

const start = (fingerprint: string) => watchKeys(store, [{ name: 'CV_ENCRYPTION_KEY', fingerprint }], 'worker')
const actions = async () => (await listAudit(store, 50)).map(({ action }) => action).toReversed()

test('a key is recorded at first sight and quiet while it stays', async () => {
  expect(await start('aaaa')).toMatchObject([{ status: 'first', accepted: 'aaaa' }])
  expect(await start('aaaa')).toMatchObject([{ status: 'same', changedAt: null }])
  expect(await actions()).toEqual(['key.recorded'])
})

test('a changed key is an alarm at every start until the old one returns', async () => {
  await start('aaaa')
  const [first] = await start('bbbb')
  expect(first).toMatchObject({ status: 'changed', accepted: 'aaaa', fingerprint: 'bbbb' })
  const [second] = await start('bbbb')
  expect(second).toMatchObject({ status: 'changed', changedAt: first?.changedAt })
  expect(await readKeys(store, [{ name: 'CV_ENCRYPTION_KEY', fingerprint: 'bbbb' }])).toMatchObject([{ status: 'changed' }])
  expect(await start('aaaa')).toMatchObject([{ status: 'same' }])
  expect(await actions()).toEqual(['key.recorded', 'key.changed', 'key.changed', 'key.returned'])
})

test('an acknowledged key is the right one from then on, and the former one the alarm', async () => {
  await start('aaaa')
  await start('bbbb')
  await expect(acknowledgeKey(store, { name: 'CV_ENCRYPTION_KEY', fingerprint: 'cccc' }, 'admin')).rejects.toMatchObject({
    code: 'STATE_CONFLICT',
  })
  await acknowledgeKey(store, { name: 'CV_ENCRYPTION_KEY', fingerprint: 'bbbb' }, 'admin')
  expect(await start('bbbb')).toMatchObject([{ status: 'same', accepted: 'bbbb' }])
  await expect(acknowledgeKey(store, { name: 'CV_ENCRYPTION_KEY', fingerprint: 'bbbb' }, 'admin')).rejects.toMatchObject({
    code: 'STATE_CONFLICT',
  })
  expect(await start('aaaa')).toMatchObject([{ status: 'changed', accepted: 'bbbb' }])
  expect(await actions()).toEqual(['key.recorded', 'key.changed', 'key.acknowledged', 'key.changed'])
})

test('web and worker that start at the same moment record one key once', async () => {
  const second = await openControlStore(join(folder.path, 'control.db'))
  try {
    const key = [{ name: 'NEXTAUTH_SECRET', fingerprint: 'aaaa' }]
    await Promise.all([watchKeys(store, key, 'web'), watchKeys(second, key, 'worker')])
  } finally {
    await second.close()
  }
  expect(await actions()).toEqual(['key.recorded'])
})

test('the other environment’s fingerprints are kept with their moment', async () => {
  expect(await readCompared(store)).toBeNull()
  await saveCompared(store, { CV_ENCRYPTION_KEY: 'aaaa' }, 'admin@example.org')
  expect(await readCompared(store)).toMatchObject({ by: 'admin@example.org', fingerprints: { CV_ENCRYPTION_KEY: 'aaaa' } })
})
