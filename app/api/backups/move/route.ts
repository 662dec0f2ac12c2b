import { adminRoute } from '@/app/_server/api-route'
import { keptPaths } from '@/app/_server/kept-paths'
import { readRights } from '@/lib/backup/permissions'
import { keyFingerprint } from '@/lib/cv/cv-format'

/** What a move to this server compares and sets: the fingerprint of its key, and the rights of its files. */
export const GET = adminRoute({}, async ({ container }) => ({
  keyFingerprint: keyFingerprint(container.environment.cvEncryptionKey),
  rights: await readRights(keptPaths(container)),
}))
