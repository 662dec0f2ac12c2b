import { z } from 'zod'
import { adminRoute } from '@/app/_server/api-route'
import { requireRecentAuthentication } from '@/app/_server/require-recent'
import { listDestinations } from '@/lib/backup/destinations/destination-store'
import { newPolicySchema, saveKeyPolicy } from '@/lib/backup/key-policy'
import { recoveryKit } from '@/lib/backup/recovery-kit'

const bodySchema = z.object({
  encryption: newPolicySchema,
  /** A private key that was generated a moment ago, for the kit; it is not kept. */
  identity: z
    .string()
    .regex(/^AGE-SECRET-KEY-1[A-Z0-9]+$/)
    .nullable()
    .default(null),
  locale: z.enum(['en', 'fr']).default('en'),
})

/** Sets how backups are encrypted from now on and answers, this once, the recovery kit with what opens them. */
export const POST = adminRoute({ body: bodySchema, rateLimit: 'job-start' }, async ({ container, body, user }) => {
  const { control, environment, backups } = container
  await requireRecentAuthentication(user, 'set the encryption of backups')
  const keys = await saveKeyPolicy(control, body.encryption, environment.nextAuthSecret, user.email)
  const kit =
    body.encryption.kind === 'none'
      ? null
      : recoveryKit({
          encryption: body.encryption,
          identity: body.identity,
          siteUrl: environment.siteUrl,
          folder: backups.folder,
          destinations: await listDestinations(control),
          fileKey: environment.cvEncryptionKey,
          createdAt: new Date(),
          locale: body.locale,
        })
  return { keys, kit }
})
