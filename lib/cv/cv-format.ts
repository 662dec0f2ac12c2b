import { createCipheriv, createDecipheriv, createHmac, type DecipherGCM, randomBytes } from 'node:crypto'
import { AppError } from '@/lib/core/errors'

/**
 * The file of one encrypted CV:
 *
 *   offset  bytes  what
 *        0      4  magic, ASCII "CVSF"
 *        4      1  version of the format: 1
 *        5      3  zero, reserved
 *        8      8  fingerprint of the key (see keyFingerprint)
 *       16     12  nonce
 *       28      n  ciphertext, as long as the plaintext (AES-256-GCM)
 *   28 + n     16  authentication tag
 *
 * The first 28 bytes and the file's storage path are authenticated with it: a file put in the place of
 * another one, or a header that was touched, does not open.
 */
export const cvFormat = { magic: 'CVSF', version: 1, headerBytes: 28, tagBytes: 16, nonceBytes: 12 } as const

/** The longest plaintext that a file may hold: 10 MiB. It is encrypted in memory, in one piece. */
export const maxCvBytes = 10 * 1024 * 1024

/** Eight bytes, as 16 hex digits, that tell one key from another and nothing about it. Safe to show and to log. */
export function keyFingerprint(key: Buffer): string {
  return fingerprintBytes(key).toString('hex')
}

/**
 * Encrypts a CV for its storage path.
 *
 * @param nonce only for data that must come out the same each time; it must never repeat for other content
 * @throws AppError INVALID_INPUT beyond maxCvBytes
 */
export function sealCv(plaintext: Buffer, key: Buffer, storagePath: string, nonce: Buffer = randomBytes(cvFormat.nonceBytes)): Buffer {
  if (plaintext.length > maxCvBytes) {
    throw new AppError({
      code: 'INVALID_INPUT',
      operation: 'encrypt CV',
      message: `A CV can have at most ${maxCvBytes / 1024 / 1024} MB.`,
      hint: 'Choose a smaller file.',
    })
  }
  const header = Buffer.alloc(cvFormat.headerBytes)
  header.write(cvFormat.magic, 0, 'ascii')
  header.writeUInt8(cvFormat.version, 4)
  fingerprintBytes(key).copy(header, 8)
  nonce.copy(header, 16)
  const cipher = createCipheriv('aes-256-gcm', key, nonce, { authTagLength: cvFormat.tagBytes })
  cipher.setAAD(authenticated(header, storagePath))
  return Buffer.concat([header, cipher.update(plaintext), cipher.final(), cipher.getAuthTag()])
}

/** What the header says about opening a file; damage further on shows only when the whole of it was decrypted. */
export type CvOpening =
  | { readonly status: 'ready'; readonly decipher: DecipherGCM }
  | {
      readonly status: 'refused'
      readonly reason: 'not-a-cv' | 'other-version' | 'other-key'
      readonly message: string
      readonly hint: string
    }

/**
 * Looks at the header of a file and makes its decipher, which wants the ciphertext and, before `final`, the tag.
 *
 * @param header the first `cvFormat.headerBytes` bytes
 * @param fileBytes length of the whole file
 */
export function startOpening(header: Buffer, fileBytes: number, key: Buffer, storagePath: string): CvOpening {
  if (fileBytes < cvFormat.headerBytes + cvFormat.tagBytes || header.toString('ascii', 0, 4) !== cvFormat.magic) {
    const message = 'The file is not an encrypted CV, or it was cut short.'
    return { status: 'refused', reason: 'not-a-cv', message, hint: restoreHint }
  }
  if (header.readUInt8(4) !== cvFormat.version) {
    const message = 'The file was written by another version of the app.'
    return { status: 'refused', reason: 'other-version', message, hint: 'Use the version of the app that wrote it, or a newer one.' }
  }
  const sealedWith = header.subarray(8, 16).toString('hex')
  if (sealedWith !== keyFingerprint(key)) {
    return {
      status: 'refused',
      reason: 'other-key',
      message: `The CV was encrypted with another key (${sealedWith}; the present one is ${keyFingerprint(key)}).`,
      hint: 'Put the former CV_ENCRYPTION_KEY back in .env and start the app again.',
    }
  }
  const nonce = header.subarray(16, cvFormat.headerBytes)
  const decipher = createDecipheriv('aes-256-gcm', key, nonce, { authTagLength: cvFormat.tagBytes })
  return { status: 'ready', decipher: decipher.setAAD(authenticated(header, storagePath)) }
}

/**
 * Decrypts what sealCv made.
 *
 * @throws AppError CV_UNREADABLE: not such a file, a version we do not know, another key, or damaged
 */
export function openCv(file: Buffer, key: Buffer, storagePath: string): Buffer {
  const opening = startOpening(file.subarray(0, cvFormat.headerBytes), file.length, key, storagePath)
  if (opening.status === 'refused') throw unreadable(storagePath, opening.message, opening.hint)
  const { decipher } = opening
  decipher.setAuthTag(file.subarray(file.length - cvFormat.tagBytes))
  try {
    const body = file.subarray(cvFormat.headerBytes, file.length - cvFormat.tagBytes)
    return Buffer.concat([decipher.update(body), decipher.final()])
  } catch (cause) {
    throw unreadable(storagePath, 'The file of the CV is damaged: its content does not match its seal.', restoreHint, cause)
  }
}

const restoreHint = 'Restore it from a backup of the CV folder.'

/** The error of a CV that cannot be opened, with its remedy. */
export function unreadable(storagePath: string, message: string, hint: string, cause?: unknown): AppError {
  return new AppError({
    code: 'CV_UNREADABLE',
    operation: 'open CV',
    subject: storagePath,
    message,
    hint,
    ...(cause === undefined ? {} : { cause }),
  })
}

function fingerprintBytes(key: Buffer): Buffer {
  return createHmac('sha256', key).update('cvsite key fingerprint').digest().subarray(0, 8)
}

function authenticated(header: Buffer, storagePath: string): Buffer {
  return Buffer.concat([header, Buffer.from(storagePath, 'utf8')])
}
