import { mkdtemp, readFile, rm } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { afterAll, beforeAll, expect, it } from 'vitest'
import { type ControlStore, openControlStore } from '@/lib/control/control-store'
import { listSavedTargets, openSavedTarget, removeTarget, saveTarget } from './saved-targets'

const secret = 'a secret of at least thirty-two characters'
const url = 'postgresql://app:hunter2-and-more@db.example.org:5432/app?sslmode=require'
let folder: string
let store: ControlStore

beforeAll(async () => {
  folder = await mkdtemp(join(tmpdir(), 'bascule-targets-'))
  store = await openControlStore(join(folder, 'control.db'))
})
afterAll(async () => {
  await store.close()
  await rm(folder, { recursive: true, force: true })
})

it('keeps a target sealed, opens it again, replaces one of the same name, and forgets it', async () => {
  const saved = await saveTarget(store, { name: ' Production ', url, allowPrivate: false, actor: 'a@example.org' }, secret)
  expect(saved).toMatchObject({ name: 'Production', label: 'app@db.example.org:5432/app' })
  expect(await openSavedTarget(store, saved.id, secret)).toBe(url)
  await expect(openSavedTarget(store, saved.id, `${secret}!`)).rejects.toMatchObject({ code: 'KEY_INVALID' })
  const again = await saveTarget(
    store,
    { name: 'Production', url: url.replace('/app?', '/other?'), allowPrivate: false, actor: 'b' },
    secret,
  )
  expect(again.id).toBe(saved.id)
  const list = await listSavedTargets(store)
  expect(list).toMatchObject([{ id: saved.id, label: 'app@db.example.org:5432/other' }])
  expect(JSON.stringify(list)).not.toContain('hunter2')
  for (const end of ['', '-wal']) expect((await readFile(store.path + end)).includes('hunter2')).toBe(false)
  await removeTarget(store, saved.id, 'a')
  expect(await listSavedTargets(store)).toEqual([])
  await expect(openSavedTarget(store, saved.id, secret)).rejects.toMatchObject({ code: 'NOT_FOUND' })
})

it('refuses addresses that no target may have', async () => {
  const save = (text: string) => saveTarget(store, { name: '', url: text, allowPrivate: false, actor: 'a' }, secret)
  await expect(save('postgresql://a:b@10.0.0.1/c')).rejects.toMatchObject({ code: 'TARGET_URL_REFUSED' })
  await expect(save('mysql://a:b@example.org/c')).rejects.toMatchObject({ code: 'TARGET_URL_INVALID' })
})
