import { appendAudit } from '@/lib/control/audit'
import type { ControlStore } from '@/lib/control/control-store'
import { type LeaseRequest, withLease } from '@/lib/control/lease'
import { type BackupCatalogue, listBackups } from './backup-catalogue'
import { isReachable } from './backup-view'
import { backupsLease, deleteUnderLease } from './make-backup'
import { defaultRetention, planRetention, type Retention, type RetentionPlan, retentionSchema } from './retention'

const settingKey = 'backups.retention'
/** More than this many backups are not looked at in one go. */
const atMost = 20_000

/** The rules in force; null while nobody has set any: then nothing is ever deleted on its own. */
export async function readRetention(store: ControlStore): Promise<Retention | null> {
  const row = await store.read.setting.findUnique({ where: { key: settingKey } })
  return row ? retentionSchema.nullable().parse(JSON.parse(row.value)) : null
}

/** Sets the rules, or null to keep everything. */
export async function saveRetention(store: ControlStore, rules: Retention | null, actor: string): Promise<void> {
  const now = store.clock.now()
  const data = { value: JSON.stringify(retentionSchema.nullable().parse(rules)), updatedAt: now }
  await store.write(async (transaction) => {
    await transaction.setting.upsert({ where: { key: settingKey }, create: { key: settingKey, ...data }, update: data })
    await appendAudit(transaction, now, {
      actor,
      action: 'backups.retention-changed',
      subject: rules ? 'rules' : 'keep everything',
      detail: rules ?? {},
    })
  })
}

/** What the rules would delete now; nothing is touched. */
export async function previewRetention(catalogue: BackupCatalogue, rules: Retention | null): Promise<RetentionPlan> {
  // What lies only at destinations goes by the rules there.
  const here = (await listBackups(catalogue, atMost)).filter((backup) => backup.present || !isReachable(backup))
  return planRetention(here, rules ?? defaultRetention, catalogue.store.clock.now())
}

/**
 * Deletes what the rules let go, the oldest first. The plan is made under the lease, so that nothing that is being made or
 * tried is in it. Does nothing while no rules are set. Answers the ids that went.
 *
 * @throws AppError LEASE_HELD
 */
export async function pruneBackups(catalogue: BackupCatalogue, holder: string, signal: AbortSignal): Promise<readonly string[]> {
  const rules = await readRetention(catalogue.store)
  if (rules === null) return []
  const lease: LeaseRequest = { name: backupsLease, holder, purpose: 'retention of backups' }
  return withLease(catalogue.store, lease, signal, async (held) => {
    const { remove } = await previewRetention(catalogue, rules)
    const gone: string[] = []
    for (const id of [...remove].reverse()) {
      if (held.aborted) break
      await deleteUnderLease(catalogue, id, holder, 'retention')
      gone.push(id)
    }
    return gone
  })
}
