import { adminRoute } from '@/app/_server/api-route'
import { readCompared, readKeys } from '@/lib/control/key-guard'
import { fingerprintsOf, secretsOf } from '@/lib/preflight/secret-checks'

/** Fingerprints of this environment's keys, whether they are those of before, and what they were compared with. Never a key. */
export const GET = adminRoute({}, async ({ container: { control } }) => {
  const [keys, compared] = await Promise.all([readKeys(control, fingerprintsOf(secretsOf(process.env))), readCompared(control)])
  return { keys, compared }
})
