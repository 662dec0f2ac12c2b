import { mkdtemp, rm } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { afterAll, beforeAll, expect, it } from 'vitest'
import { listAudit } from './audit'
import { type ControlStore, openControlStore } from './control-store'
import { endSessions, isSessionGood, readSessionsEnded } from './session-revocation'

let folder: string
let store: ControlStore
let now = new Date('2030-01-01T12:00:00.400Z')

beforeAll(async () => {
  folder = await mkdtemp(join(tmpdir(), 'bascule-sessions-'))
  store = await openControlStore(join(folder, 'control.db'), { clock: { now: () => now } })
})
afterAll(async () => {
  await store.close()
  await rm(folder, { recursive: true, force: true })
})

it('ends the sessions of one person that began until now, and no other', async () => {
  const before = new Date('2030-01-01T09:00:00Z')
  expect(await isSessionGood(store, 'u1', before)).toBe(true)
  expect(await readSessionsEnded(store, 'u1')).toBeNull()
  await endSessions(store, 'u1', 'u1@example.org')
  expect(await isSessionGood(store, 'u1', before)).toBe(false)
  // A token says whole seconds: one of this very second may have been there before.
  expect(await isSessionGood(store, 'u1', new Date('2030-01-01T12:00:00Z'))).toBe(false)
  expect(await isSessionGood(store, 'u1', new Date('2030-01-01T12:00:01Z'))).toBe(true)
  expect(await isSessionGood(store, 'u2', before)).toBe(true)
  now = new Date('2030-01-02T12:00:00Z')
  await endSessions(store, 'u1', 'u1@example.org')
  expect(await isSessionGood(store, 'u1', new Date('2030-01-01T12:00:01Z'))).toBe(false)
  expect((await listAudit(store, 10)).filter(({ action }) => action === 'sessions.ended')).toHaveLength(2)
})
