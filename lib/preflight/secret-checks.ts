import { decodeKey } from '@/lib/config/environment'
import { judged, unasked } from './ask'
import { fingerprintOf, looksRandom } from './key-fingerprints'
import type { KeyName, PreflightCheck } from './preflight-result'

/** As the environment has them, not yet judged. */
export type RawSecrets = Readonly<Record<KeyName, string | undefined>>

/** What is known of a key from before. */
export interface KeyRecord {
  readonly name: KeyName
  /** The one that was seen first, or was acknowledged since. */
  readonly accepted: string
}

/** Another environment's fingerprints, as an admin pasted them. */
export interface ComparedFingerprints {
  readonly at: string
  readonly fingerprints: Partial<Readonly<Record<KeyName, string>>>
}

export interface SecretFacts {
  readonly secrets: RawSecrets
  readonly fingerprints: readonly { readonly name: KeyName; readonly fingerprint: string }[]
  /** Rejects when the control store cannot be read. */
  readonly records: () => Promise<readonly KeyRecord[]>
  readonly compared: () => Promise<ComparedFingerprints | null>
}

const makeKey = 'openssl rand -base64 32'

/** The keys of an environment as it has them. */
export function secretsOf(environment: Readonly<Record<string, string | undefined>>): RawSecrets {
  return { CV_ENCRYPTION_KEY: environment.CV_ENCRYPTION_KEY, NEXTAUTH_SECRET: environment.NEXTAUTH_SECRET }
}

/** Fingerprints of the keys that can be used at all. */
export function fingerprintsOf(secrets: RawSecrets): SecretFacts['fingerprints'] {
  const key = decodeKey(secrets.CV_ENCRYPTION_KEY ?? '')
  const secret = secrets.NEXTAUTH_SECRET ?? ''
  return [
    ...(key ? [{ name: 'CV_ENCRYPTION_KEY' as const, fingerprint: fingerprintOf('CV_ENCRYPTION_KEY', key) }] : []),
    ...(secret === '' ? [] : [{ name: 'NEXTAUTH_SECRET' as const, fingerprint: fingerprintOf('NEXTAUTH_SECRET', secret) }]),
  ]
}

export function judgeCvKey(text: string | undefined): PreflightCheck {
  const where = 'CV_ENCRYPTION_KEY'
  if (text === undefined || text === '') return judged('secrets-cv-key', 'missing', { where, remedy: makeKey })
  const key = decodeKey(text)
  if (!key) return judged('secrets-cv-key', 'invalid', { where, remedy: makeKey })
  return judged('secrets-cv-key', looksRandom(key) ? 'strong' : 'weak', { where })
}

export function judgeSessionSecret(text: string | undefined): PreflightCheck {
  const where = 'NEXTAUTH_SECRET'
  if (text === undefined || text === '') return judged('secrets-session-secret', 'missing', { where, remedy: makeKey })
  if (text.length < 32) return judged('secrets-session-secret', 'short', { where, remedy: makeKey })
  const isPlaceholder = /change.?(me|this|it)|your.?secret|example|placeholder|replace.?(me|this)|not.?a.?secret/i.test(text)
  if (isPlaceholder || !looksRandom(Buffer.from(text))) return judged('secrets-session-secret', 'weak', { where, remedy: makeKey })
  return judged('secrets-session-secret', 'strong', { where })
}

/** Whether the keys are those that this installation has always had. */
export async function askUnchanged({ fingerprints, records }: SecretFacts): Promise<PreflightCheck> {
  const known = new Map((await records()).map(({ name, accepted }) => [name, accepted]))
  const examples = fingerprints.map(({ name, fingerprint }) => `${name} ${fingerprint}`)
  const changed = fingerprints.filter(({ name, fingerprint }) => known.has(name) && known.get(name) !== fingerprint)
  if (changed.length > 0) {
    return judged('secrets-unchanged', 'changed', {
      count: changed.length,
      examples: changed.map(({ name, fingerprint }) => `${name} ${known.get(name)} → ${fingerprint}`),
    })
  }
  if (fingerprints.length === 0) throw new Error('There is no key to take a fingerprint of.')
  return judged('secrets-unchanged', known.size === 0 ? 'first' : 'same', { examples })
}

/** Whether another environment has the same keys; unknown until somebody has pasted its fingerprints. */
export async function askEnvironments({ fingerprints, compared }: SecretFacts): Promise<PreflightCheck> {
  const other = await compared()
  const remedy = 'npm run --silent preflight -- --fingerprints'
  if (!other) return unasked('secrets-environments', new Error('No other environment’s fingerprints were given yet.'), { remedy })
  const pairs = fingerprints.flatMap(({ name, fingerprint }) => {
    const theirs = other.fingerprints[name]
    return theirs === undefined ? [] : [{ name, isSame: theirs === fingerprint, text: `${name} ${fingerprint} ≠ ${theirs}` }]
  })
  const different = pairs.filter(({ isSame }) => !isSame)
  if (different.length > 0) {
    return judged('secrets-environments', 'different', { count: different.length, examples: different.map(({ text }) => text), remedy })
  }
  if (pairs.length === 0) return unasked('secrets-environments', new Error('What was given names none of these keys.'), { remedy })
  return judged('secrets-environments', 'same', {
    count: pairs.length,
    examples: pairs.map(({ name }) => name),
    params: { comparedAt: other.at },
  })
}
