import { hkdfSync } from 'node:crypto'
import type { KeyName } from './preflight-result'

/**
 * A short, one-way name of a key: 64 bits of HKDF-SHA-256 with a context of its own, as four groups of four hex digits.
 * Equal for equal keys, says nothing of the key, and cannot be taken for anything else that is derived from it.
 *
 * @param key for CV_ENCRYPTION_KEY its 32 bytes, so that hex and base64 of one key agree; otherwise the text
 */
export function fingerprintOf(name: KeyName, key: Buffer | string): string {
  const digest = Buffer.from(hkdfSync('sha256', key, '', `bascule: fingerprint of ${name}`, 8)).toString('hex')
  return digest.replace(/(.{4})(?=.)/g, '$1-')
}

/** A pasted fingerprint in the form that ours have; null when it is none. */
export function parseFingerprint(text: string): string | null {
  const digits = text.toLowerCase().replace(/[^0-9a-f]/g, '')
  return digits.length === 16 && /^[0-9a-f\s:.-]+$/i.test(text.trim()) ? digits.replace(/(.{4})(?=.)/g, '$1-') : null
}

/** Fingerprints in a pasted text of lines such as `CV_ENCRYPTION_KEY  1a2b-…`, as `npm run preflight -- --fingerprints` prints them. */
export function parseFingerprints(text: string, names: readonly KeyName[]): Partial<Record<KeyName, string>> {
  const found: Partial<Record<KeyName, string>> = {}
  for (const name of names) {
    const rest = new RegExp(`${name}\\W*([0-9a-f]{4}(?:[-: ]?[0-9a-f]{4}){3})(?![0-9a-f])`, 'i').exec(text)?.[1]
    const fingerprint = rest === undefined ? null : parseFingerprint(rest)
    if (fingerprint !== null) found[name] = fingerprint
  }
  return found
}

/**
 * Whether a key looks like chance: enough different bytes, no short block repeated, no counting up. A key that fails was
 * typed or left as in an example; one that passes may still have been published.
 */
export function looksRandom(bytes: Buffer): boolean {
  if (new Set(bytes).size < Math.min(12, bytes.length / 2)) return false
  for (let block = 1; block <= bytes.length / 2; block += 1) {
    if (bytes.subarray(block).equals(bytes.subarray(0, bytes.length - block))) return false
  }
  const steps = new Map<number, number>()
  for (let index = 1; index < bytes.length; index += 1) {
    const step = (bytes[index] ?? 0) - (bytes[index - 1] ?? 0)
    steps.set(step, (steps.get(step) ?? 0) + 1)
  }
  return Math.max(0, ...steps.values()) < bytes.length / 2
}
