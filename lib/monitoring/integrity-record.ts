import { z } from 'zod'
import type { ControlStore } from '@/lib/control/control-store'

const recordSchema = z.object({ checkedAt: z.iso.datetime(), problems: z.array(z.string()) })
const settingKey = 'monitoring.integrity'

/** What the last integrity check of the SQLite file came to; never checked: no date. */
export async function readIntegrity(store: ControlStore) {
  const row = await store.read.setting.findUnique({ where: { key: settingKey } })
  return row ? recordSchema.parse(JSON.parse(row.value)) : { checkedAt: null, problems: [] }
}

/** Notes what a check found: nothing, or SQLite's words about each problem. */
export async function recordIntegrity(store: ControlStore, problems: readonly string[]): Promise<void> {
  const updatedAt = store.clock.now()
  const data = { value: JSON.stringify({ checkedAt: updatedAt.toISOString(), problems }), updatedAt }
  await store.write((transaction) =>
    transaction.setting.upsert({ where: { key: settingKey }, create: { key: settingKey, ...data }, update: data }),
  )
}
