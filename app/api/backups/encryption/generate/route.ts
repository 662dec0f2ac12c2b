import { adminRoute } from '@/app/_server/api-route'
import { generateKeyPair, generatePassphrase } from '@/lib/backup/key-policy'

/** A new passphrase and a new key pair to choose from. Nothing of it is kept here. */
export const POST = adminRoute({ rateLimit: 'job-start' }, async () => ({ passphrase: generatePassphrase(), ...(await generateKeyPair()) }))
