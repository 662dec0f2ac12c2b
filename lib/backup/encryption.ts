import { Readable } from 'node:stream'
import type { ReadableStream as NodeReadableStream } from 'node:stream/web'
import { Decrypter, Encrypter } from 'age-encryption'
import { AppError, reportError } from '@/lib/core/errors'
import { passphraseIdentity, passphraseRecipient } from './age-scrypt'

/** Whom an archive is encrypted for. Passphrase and recipients exclude each other, as in the `age` tool. */
export type EncryptionKey =
  | { readonly kind: 'passphrase'; readonly passphrase: string }
  /** Public keys, `age1…`. */
  | { readonly kind: 'recipients'; readonly recipients: readonly string[] }

/** What may open an archive: passphrases and private keys (`AGE-SECRET-KEY-1…`), all tried. */
export interface OpeningKeys {
  readonly passphrases: readonly string[]
  readonly identities: readonly string[]
}

export const noKeys: OpeningKeys = { passphrases: [], identities: [] }

/** The first bytes of an age file. */
export const ageMagic = 'age-encryption.org/v1\n'

/**
 * Encrypts a stream in the age format, 64 KiB at a time: each piece is authenticated, their order and their end too.
 *
 * @throws AppError BACKUP_KEY_WRONG for a key that cannot be used; nothing is ever passed on unencrypted
 */
export async function encryptStream(plain: Readable, key: EncryptionKey): Promise<Readable> {
  const encrypter = new Encrypter()
  try {
    if (key.kind === 'passphrase') {
      if (key.passphrase === '') throw new Error('The passphrase is empty.')
      encrypter.addRecipient(passphraseRecipient(key.passphrase))
    } else {
      if (key.recipients.length === 0) throw new Error('There is no recipient.')
      for (const recipient of key.recipients) encrypter.addRecipient(recipient)
    }
  } catch (cause) {
    throw new AppError({
      code: 'BACKUP_KEY_WRONG',
      operation: 'encrypt a backup',
      message: `The backup cannot be encrypted with this key: ${reportError(cause).message}`,
      hint: 'Set the encryption of backups anew. Nothing was written.',
      cause,
    })
  }
  return Readable.fromWeb(toNode(await encrypter.encrypt(fromNode(plain))))
}

/**
 * Decrypts an age file. The header is opened before this returns; a piece that was altered, moved or cut off makes the
 * stream fail, so whoever reads uses nothing of it before its end.
 *
 * @throws AppError BACKUP_KEY_WRONG when no key opens it (`subject` says what it wants), BACKUP_DAMAGED for a damaged header
 */
export async function decryptStream(encrypted: Readable, keys: OpeningKeys): Promise<Readable> {
  const decrypter = new Decrypter()
  for (const passphrase of keys.passphrases) decrypter.addIdentity(passphraseIdentity(passphrase))
  for (const identity of keys.identities) decrypter.addIdentity(identity)
  try {
    return Readable.fromWeb(toNode(await decrypter.decrypt(fromNode(encrypted))))
  } catch (cause) {
    encrypted.destroy()
    if (cause instanceof AppError) throw cause
    const isWrongKey = cause instanceof Error && cause.message.includes('no identity matched')
    if (isWrongKey) throw wrongKey(keys.passphrases.length + keys.identities.length, cause)
    throw damaged('Its encryption header cannot be read.', cause)
  }
}

/** An archive that is not what was written. */
export function damaged(detail: string, cause?: unknown): AppError {
  return new AppError({
    code: 'BACKUP_DAMAGED',
    operation: 'read a backup',
    message: `The archive is damaged or not complete. ${detail}`,
    hint: 'Nothing of it was used. Use another backup, or another copy of this one.',
    ...(cause === undefined ? {} : { cause }),
  })
}

function wrongKey(tried: number, cause: unknown): AppError {
  return new AppError({
    code: 'BACKUP_KEY_WRONG',
    operation: 'open a backup',
    message: tried === 0 ? 'The archive is encrypted, and no key was given.' : 'None of the keys opens this archive.',
    hint: 'Give the passphrase or the private key (AGE-SECRET-KEY-1…) from the recovery kit of the time when it was made.',
    cause,
  })
}

/** Node's and the DOM's stream types are the same object under two names. */
function fromNode(stream: Readable): ReadableStream<Uint8Array> {
  return Readable.toWeb(stream) as ReadableStream<Uint8Array>
}

function toNode(stream: ReadableStream<Uint8Array>): NodeReadableStream {
  return stream as NodeReadableStream
}
