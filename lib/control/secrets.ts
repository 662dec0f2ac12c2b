import { createCipheriv, createDecipheriv, hkdfSync, randomBytes } from 'node:crypto'
import { AppError } from '@/lib/core/errors'

const version = 'v1'
const ivBytes = 12
const tagBytes = 16
const keys = new Map<string, Buffer>()

/**
 * Seals a secret for storage: AES-256-GCM with a key derived by HKDF-SHA-256 from NEXTAUTH_SECRET.
 * The same text seals to another value each time.
 *
 * @param master NEXTAUTH_SECRET
 */
export function sealSecret(secret: string, master: string): string {
  const iv = randomBytes(ivBytes)
  const cipher = createCipheriv('aes-256-gcm', sealingKey(master), iv).setAAD(Buffer.from(version))
  const body = Buffer.concat([cipher.update(secret, 'utf8'), cipher.final()])
  return `${version}.${Buffer.concat([iv, cipher.getAuthTag(), body]).toString('base64url')}`
}

/**
 * Opens what `sealSecret` made.
 *
 * @throws AppError KEY_INVALID when NEXTAUTH_SECRET is not the one it was sealed with, or the text was changed
 */
export function openSecret(sealed: string, master: string): string {
  const [prefix, encoded] = sealed.split('.')
  const bytes = Buffer.from(encoded ?? '', 'base64url')
  try {
    if (prefix !== version || bytes.length < ivBytes + tagBytes) throw new Error('not a sealed secret of this version')
    const decipher = createDecipheriv('aes-256-gcm', sealingKey(master), bytes.subarray(0, ivBytes))
    decipher.setAAD(Buffer.from(version)).setAuthTag(bytes.subarray(ivBytes, ivBytes + tagBytes))
    return Buffer.concat([decipher.update(bytes.subarray(ivBytes + tagBytes)), decipher.final()]).toString('utf8')
  } catch (cause) {
    throw new AppError({
      code: 'KEY_INVALID',
      operation: 'open a stored secret',
      message: 'A stored secret cannot be opened with this NEXTAUTH_SECRET.',
      hint: 'Start with the NEXTAUTH_SECRET that was set when the target was given; a changed one cannot read it.',
      cause,
    })
  }
}

function sealingKey(master: string): Buffer {
  const known = keys.get(master)
  if (known) return known
  const key = Buffer.from(hkdfSync('sha256', master, '', 'bascule: secrets in the control store', 32))
  keys.set(master, key)
  return key
}
