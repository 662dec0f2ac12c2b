import { join } from 'node:path'
import { expect, it } from 'vitest'
import { listAudit } from '@/lib/control/audit'
import { openControlStore } from '@/lib/control/control-store'
import { acknowledgeKey, readKeys } from '@/lib/control/key-guard'
import type { Logger } from '@/lib/core/logger'
import { testSecrets } from '@/tests/support/own-app'
import { createTemporaryFolder } from '@/tests/support/sqlite-databases'
import { raiseKeyAlarms } from './key-alarm'
import { fingerprintsOf } from './secret-checks'

it('says a key that changed between two starts at each start, until it is acknowledged', async () => {
  await using folder = await createTemporaryFolder('alarm')
  const store = await openControlStore(join(folder.path, 'control.db'))
  try {
    const start = async (secrets: typeof testSecrets | { CV_ENCRYPTION_KEY: string; NEXTAUTH_SECRET: string }) => {
      const lines: string[] = []
      const logger = { error: (detail: object, text: string) => lines.push(`${text} ${JSON.stringify(detail)}`) } as unknown as Logger
      await raiseKeyAlarms(store, secrets, 'worker', logger)
      return lines
    }
    const changed = { ...testSecrets, CV_ENCRYPTION_KEY: Buffer.alloc(32, 9).toString('base64') }
    expect(await start(testSecrets)).toEqual([])
    const [line] = await start(changed)
    expect(line).toMatch(/^ALARM: CV_ENCRYPTION_KEY is not the key that this installation had/)
    expect(line).not.toContain(changed.CV_ENCRYPTION_KEY)
    expect(await start(changed)).toHaveLength(1)
    expect(await start(testSecrets)).toEqual([])
    expect(await start(changed)).toHaveLength(1)
    const [key] = (await readKeys(store, fingerprintsOf(changed))).filter(({ status }) => status === 'changed')
    await acknowledgeKey(store, { name: 'CV_ENCRYPTION_KEY', fingerprint: key?.fingerprint ?? '' }, 'admin@example.org')
    expect(await start(changed)).toEqual([])
    const actions = (await listAudit(store, 20)).map(({ action }) => action)
    expect(actions.filter((action) => action === 'key.changed')).toHaveLength(3)
  } finally {
    await store.close()
  }
})
