import type { ControlStore } from '@/lib/control/control-store'
import { watchKeys } from '@/lib/control/key-guard'
import type { Logger } from '@/lib/core/logger'
import { fingerprintsOf, type RawSecrets } from './secret-checks'

/**
 * Every start of web and worker: records the fingerprints of keys that were never seen, and says aloud when a key is not
 * the one it was. Nothing is stopped by it: an app with another key still serves, but what was encrypted with the former
 * one cannot be read, and everybody is signed out by a new NEXTAUTH_SECRET.
 */
export async function raiseKeyAlarms(store: ControlStore, secrets: RawSecrets, actor: string, logger: Logger): Promise<void> {
  for (const { name, status, accepted, fingerprint, changedAt } of await watchKeys(store, fingerprintsOf(secrets), actor)) {
    if (status !== 'changed') continue
    logger.error(
      { key: name, accepted, present: fingerprint, since: changedAt },
      `ALARM: ${name} is not the key that this installation had. ${consequences[name]} Put the former value back, or acknowledge the new one on the admin's overview.`,
    )
  }
}

const consequences = {
  CV_ENCRYPTION_KEY: 'CVs that were stored with the former key cannot be opened.',
  NEXTAUTH_SECRET: 'Everybody is signed out, and stored PostgreSQL addresses cannot be read.',
} as const
