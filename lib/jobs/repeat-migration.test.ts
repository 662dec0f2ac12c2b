import { mkdtemp, rm } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { expect, it } from 'vitest'
import { openControlStore } from '@/lib/control/control-store'
import { cancelJob, claimJob, enqueueJob, getJob } from './job-queue'
import { repeatMigration } from './repeat-migration'

const target = { sealedUrl: 'sealed', label: 'app@db:5432/app' }
const choices = [{ kind: 'orphans' as const, choice: 'null', scope: 'Post.authorId' }]

it('a migration that did not succeed starts again into the same target with the choices; nothing else does', async () => {
  const folder = await mkdtemp(join(tmpdir(), 'bascule-repeat-'))
  const store = await openControlStore(join(folder, 'control.db'))
  try {
    const payload = { target, setAside: true, mode: 'live' as const, choices: [{ kind: 'nul' as const, choice: 'strip', scope: null }] }
    const first = await enqueueJob(store, { kind: 'migrate', payload, requestedBy: 'ann' })
    await expect(repeatMigration(store, first.id, choices, 'bob')).rejects.toMatchObject({ code: 'STATE_CONFLICT' })
    await cancelJob(store, first.id, 'ann')
    const again = await repeatMigration(store, first.id, choices, 'bob')
    expect(await getJob(store, again.id)).toMatchObject({ retryOfId: first.id, requestedBy: 'bob', targetLabel: target.label })
    expect((await claimJob(store, 'worker'))?.payload).toEqual({ target, setAside: true, mode: 'read-only', choices })

    const verify = await enqueueJob(store, { kind: 'verify', payload: {}, requestedBy: 'ann' })
    await cancelJob(store, verify.id, 'ann')
    await expect(repeatMigration(store, verify.id, choices, 'bob')).rejects.toMatchObject({ code: 'STATE_CONFLICT' })
    await expect(repeatMigration(store, 'nobody', choices, 'bob')).rejects.toMatchObject({ code: 'NOT_FOUND' })
  } finally {
    await store.close()
    await rm(folder, { recursive: true, force: true })
  }
})
