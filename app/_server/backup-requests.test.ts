import { join } from 'node:path'
import { expect, it } from 'vitest'
import { makeBackup } from '@/lib/backup/make-backup'
import { openControlStore } from '@/lib/control/control-store'
import { createTestBackupSetup } from '@/tests/support/backup-source'
import { createCvsiteDatabase } from '@/tests/support/sqlite-databases'
import { requestRestore, requestTrial } from './backup-requests'
import type { Container } from './container'

it('an archive that is not trusted is neither tried nor restored, and that is said at once', async () => {
  await using sqlite = await createCvsiteDatabase()
  const control = await openControlStore(join(sqlite.folder, 'control.db'))
  try {
    const backups = createTestBackupSetup(sqlite.folder, control, sqlite.path)
    const wish = { origin: 'manual', requestedBy: 'a', jobId: null, holder: 'test', trial: false } as const
    const { id } = await makeBackup(backups, wish, () => undefined, new AbortController().signal)
    await control.write((transaction) => transaction.backup.updateMany({ data: { foreign: true } }))
    // Only what the two look at.
    const container = {
      control,
      backups,
      environment: { nextAuthSecret: 'a secret of at least thirty-two characters' },
    } as unknown as Container
    const user = { id: 'u', email: 'admin@example.org', name: null, role: 'ADMIN' } as unknown as Parameters<typeof requestTrial>[1]
    await expect(requestTrial(container, user, id, null, null)).rejects.toMatchObject({ code: 'STATE_CONFLICT' })
    await expect(requestRestore(container, user, id, { parts: 'all', key: null, from: null })).rejects.toMatchObject({
      code: 'STATE_CONFLICT',
    })
    await control.write((transaction) => transaction.backup.updateMany({ data: { foreign: false } }))
    expect(await requestTrial(container, user, id, null, null)).toMatchObject({ kind: 'trial' })
  } finally {
    await control.close()
  }
})
