import { createCipheriv, createDecipheriv, createHmac, randomBytes } from 'node:crypto'
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

/**
 * Decrypts what sealCv made.
 *
 * @throws AppError CV_UNREADABLE: not such a file, a version we do not know, another key, or damaged
 */
export function openCv(file: Buffer, key: Buffer, storagePath: string): Buffer {
  if (file.length < cvFormat.headerBytes + cvFormat.tagBytes || file.toString('ascii', 0, 4) !== cvFormat.magic) {
    throw unreadable(storagePath, 'The file is not an encrypted CV, or it was cut short.', 'Restore it from a backup of the CV folder.')
  }
  if (file.readUInt8(4) !== cvFormat.version) {
    throw unreadable(
      storagePath,
      'The file was written by another version of the app.',
      'Use the version of the app that wrote it, or a newer one.',
    )
  }
  const header = file.subarray(0, cvFormat.headerBytes)
  const sealedWith = header.subarray(8, 16).toString('hex')
  if (sealedWith !== keyFingerprint(key)) {
    throw unreadable(
      storagePath,
      `The CV was encrypted with another key (${sealedWith}; the present one is ${keyFingerprint(key)}).`,
      'Put the former CV_ENCRYPTION_KEY back in .env and start the app again.',
    )
  }
  const decipher = createDecipheriv('aes-256-gcm', key, header.subarray(16), { authTagLength: cvFormat.tagBytes })
  decipher.setAAD(authenticated(header, storagePath))
  decipher.setAuthTag(file.subarray(file.length - cvFormat.tagBytes))
  try {
    const body = file.subarray(cvFormat.headerBytes, file.length - cvFormat.tagBytes)
    return Buffer.concat([decipher.update(body), decipher.final()])
  } catch (cause) {
    throw unreadable(
      storagePath,
      'The file of the CV is damaged: its content does not match its seal.',
      'Restore it from a backup of the CV folder.',
      cause,
    )
  }
}

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
