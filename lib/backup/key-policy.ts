import { randomBytes } from 'node:crypto'
import { Readable } from 'node:stream'
import { Decrypter, generateX25519Identity, identityToRecipient } from 'age-encryption'
import { z } from 'zod'
import { appendAudit } from '@/lib/control/audit'
import type { ControlStore } from '@/lib/control/control-store'
import { openSecret, sealSecret } from '@/lib/control/secrets'
import { AppError, reportError } from '@/lib/core/errors'
import type { ArchiveEncryption } from './backup-view'
import { type EncryptionKey, encryptStream, noKeys, type OpeningKeys } from './encryption'

/**
 * How backups of this app are encrypted. A passphrase is kept sealed with the key made from NEXTAUTH_SECRET, so that
 * scheduled backups and restores need nobody; earlier ones are kept too, for the archives of their time. With recipients
 * only public keys are here, and nobody who has this server can read a backup. Neither ever comes back through an API.
 */
const storedSchema = z.object({
  policy: z.discriminatedUnion('kind', [
    z.object({ kind: z.literal('none') }),
    z.object({ kind: z.literal('passphrase'), keyId: z.string() }),
    z.object({ kind: z.literal('recipients'), recipients: z.array(z.string()).min(1) }),
  ]),
  passphrases: z.array(z.object({ id: z.string(), sealed: z.string(), since: z.iso.datetime() })),
  changedAt: z.iso.datetime().nullable(),
})
type Stored = z.infer<typeof storedSchema>

/** What may be shown of it. */
export interface KeyPolicyView {
  readonly policy: ArchiveEncryption
  readonly changedAt: string | null
}

const settingKey = 'backups.keys'
const nothingYet: Stored = { policy: { kind: 'none' }, passphrases: [], changedAt: null }

/** With scrypt at 2^16, 14 letters are out of reach of guessing; the generated ones have 25. */
export const shortestPassphrase = 14

export const newPolicySchema = z.discriminatedUnion('kind', [
  z.object({ kind: z.literal('none') }),
  z.object({ kind: z.literal('passphrase'), passphrase: z.string().min(shortestPassphrase).max(1_000) }),
  z.object({
    kind: z.literal('recipients'),
    recipients: z
      .array(
        z
          .string()
          .trim()
          .regex(/^age1[a-z0-9]{20,4000}$/),
      )
      .min(1)
      .max(20),
  }),
])
export type NewPolicy = z.infer<typeof newPolicySchema>

/** The policy as pages may see it. */
export async function readKeyPolicy(store: ControlStore): Promise<KeyPolicyView> {
  const { policy, changedAt } = await readStored(store)
  return { policy, changedAt }
}

/**
 * Sets how backups are encrypted from now on; archives that exist stay as they are.
 *
 * @throws AppError BACKUP_KEY_WRONG when a recipient is not one
 */
export async function saveKeyPolicy(store: ControlStore, wanted: NewPolicy, master: string, actor: string): Promise<KeyPolicyView> {
  const before = await readStored(store)
  const now = store.clock.now()
  let next: Stored
  if (wanted.kind === 'passphrase') {
    const known = before.passphrases.find(({ sealed }) => openOrNull(sealed, master) === wanted.passphrase)
    const entry = known ?? { id: randomBytes(4).toString('hex'), sealed: sealSecret(wanted.passphrase, master), since: now.toISOString() }
    const passphrases = known ? before.passphrases : [...before.passphrases, entry]
    next = { policy: { kind: 'passphrase', keyId: entry.id }, passphrases, changedAt: now.toISOString() }
  } else {
    if (wanted.kind === 'recipients') await requireUsable(wanted)
    next = { policy: wanted, passphrases: before.passphrases, changedAt: now.toISOString() }
  }
  const data = { value: JSON.stringify(storedSchema.parse(next)), updatedAt: now }
  await store.write(async (transaction) => {
    await transaction.setting.upsert({ where: { key: settingKey }, create: { key: settingKey, ...data }, update: data })
    const detail = { kind: next.policy.kind }
    await appendAudit(transaction, now, { actor, action: 'backups.encryption-changed', subject: next.policy.kind, detail })
  })
  return { policy: next.policy, changedAt: next.changedAt }
}

/** The key of the policy for a new archive, and what the catalogue notes of it; null when backups are not encrypted. */
export async function policyKey(
  store: ControlStore,
  master: string,
): Promise<{ readonly key: EncryptionKey; readonly encryption: ArchiveEncryption } | null> {
  const { policy, passphrases } = await readStored(store)
  if (policy.kind === 'none') return null
  if (policy.kind === 'recipients') return { key: policy, encryption: policy }
  const entry = passphrases.find(({ id }) => id === policy.keyId)
  // Fails closed: without its key a backup that is to be encrypted is not written at all.
  if (!entry)
    throw new AppError({
      code: 'BACKUP_KEY_WRONG',
      operation: 'encrypt a backup',
      message: 'The passphrase of the backups is not there.',
      hint: 'Set the encryption of backups anew.',
    })
  return { key: { kind: 'passphrase', passphrase: openSecret(entry.sealed, master) }, encryption: policy }
}

/** The keys that this server has for an archive of its own. */
export async function keysFor(store: ControlStore, encryption: ArchiveEncryption, master: string): Promise<OpeningKeys> {
  if (encryption.kind !== 'passphrase') return noKeys
  const entry = (await readStored(store)).passphrases.find(({ id }) => id === encryption.keyId)
  return entry ? { passphrases: [openSecret(entry.sealed, master)], identities: [] } : noKeys
}

/** Every passphrase that this server keeps and can open, newest first: any of them may be that of an archive from elsewhere. */
export async function ownPassphrases(store: ControlStore, master: string): Promise<readonly { id: string; passphrase: string }[]> {
  const { passphrases } = await readStored(store)
  return passphrases.toReversed().flatMap(({ id, sealed }) => {
    const passphrase = openOrNull(sealed, master)
    return passphrase === null ? [] : [{ id, passphrase }]
  })
}

/** Ids of the passphrases that this server keeps. */
export async function knownKeyIds(store: ControlStore): Promise<ReadonlySet<string>> {
  return new Set((await readStored(store)).passphrases.map(({ id }) => id))
}

/** A new private key with its public one. It is given to whoever asked and kept nowhere. */
export async function generateKeyPair(): Promise<{ readonly identity: string; readonly recipient: string }> {
  const identity = await generateX25519Identity()
  return { identity, recipient: await identityToRecipient(identity) }
}

/**
 * Keys typed by a person: each line a private key, or the whole of it a passphrase.
 *
 * @throws AppError BACKUP_KEY_WRONG for a private key with a slip in it
 */
export function parseTypedKey(text: string): OpeningKeys {
  const lines = text.split(/\s+/).filter((line) => /^AGE-SECRET-KEY-(PQ-)?1[A-Z0-9]+$/i.test(line))
  if (lines.length === 0) return { passphrases: [text], identities: [] }
  const identities = lines.map((line) => line.toUpperCase())
  identities.forEach(requireWhole)
  return { passphrases: [], identities }
}

/** Its last letters are a sum of the others. What the library says of a wrong one quotes it, and would carry it into logs and jobs. */
function requireWhole(identity: string, index: number): void {
  try {
    new Decrypter().addIdentity(identity)
  } catch {
    throw new AppError({
      code: 'BACKUP_KEY_WRONG',
      operation: 'read a private key',
      message: `Private key ${index + 1} is not whole: a letter is wrong, missing or too many.`,
      hint: 'Compare it with the recovery kit, letter by letter; 1, B, I and O after the first 1 are never part of it.',
    })
  }
}

/** 25 letters without those that are taken for one another, in groups: 122 bits. */
export function generatePassphrase(): string {
  const alphabet = 'abcdefghjkmnpqrstuvwxyz23456789'
  const letters: string[] = []
  while (letters.length < 25) {
    // 248 is the largest multiple of 31 in a byte: what lies above would make some letters likelier.
    for (const byte of randomBytes(32)) if (byte < 248 && letters.length < 25) letters.push(alphabet[byte % alphabet.length] as string)
  }
  return letters.join('').replace(/(.{5})(?=.)/g, '$1-')
}

async function readStored(store: ControlStore): Promise<Stored> {
  const row = await store.read.setting.findUnique({ where: { key: settingKey } })
  return row ? storedSchema.parse(JSON.parse(row.value)) : nothingYet
}

async function requireUsable(key: EncryptionKey): Promise<void> {
  const encrypted = await encryptStream(Readable.from([Buffer.from('test')]), key)
  encrypted.resume()
}

function openOrNull(sealed: string, master: string): string | null {
  try {
    return openSecret(sealed, master)
  } catch (error) {
    if (reportError(error).code === 'KEY_INVALID') return null
    throw error
  }
}
