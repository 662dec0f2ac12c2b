import { pipeline, type Readable } from 'node:stream'
import { Decrypter, Encrypter } from 'age-encryption'
import { AppError, reportError } from '@/lib/core/errors'
import { openPayload, payloadNonceBytes, sealPayload } from './age-payload'
import { passphraseIdentity, passphraseRecipient } from './age-scrypt'

/** Whom an archive is encrypted for. Passphrase and recipients exclude each other, as in the `age` tool. */
export type EncryptionKey =
  | { readonly kind: 'passphrase'; readonly passphrase: string /** Of `prepareSalt`. Default: a new one. */; readonly salt?: Buffer }
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
      encrypter.addRecipient(passphraseRecipient(key.passphrase, key.salt))
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
  const { header, fileKey } = await makeHeader(encrypter)
  const sealed = sealPayload(fileKey)
  sealed.unshift(header)
  pipe(plain, sealed)
  return sealed
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
    const { header, nonce } = await takeHeader(encrypted)
    const plain = openPayload(await decrypter.decryptHeader(header), nonce)
    pipe(encrypted, plain)
    return plain
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

/** The header comes from the library, which gives the file's key to nobody but to recipients: one more of them wraps nothing and keeps it. */
async function makeHeader(encrypter: Encrypter): Promise<{ readonly header: Buffer; readonly fileKey: Uint8Array }> {
  let fileKey: Uint8Array | undefined
  encrypter.addRecipient({
    wrapFileKey: (key) => {
      fileKey = Uint8Array.from(key)
      return []
    },
  })
  const empty = await encrypter.encrypt(new Uint8Array())
  if (fileKey === undefined) throw new AppError({ code: 'INTERNAL', message: 'The age library has wrapped no key.' })
  // After the header of an empty file come its nonce and one empty piece, which is a tag alone.
  return { header: Buffer.from(empty.subarray(0, empty.length - payloadNonceBytes - 16)), fileKey }
}

/** More than a hundred recipients with the longest of keys. */
const longestHeaderBytes = 512 * 1024
/** Each is tried with each key, in JavaScript: thousands of short ones would hold the event loop for many seconds. */
const mostRecipients = 200

/** Reads up to the content. What was read too much is given back to the stream. */
async function takeHeader(encrypted: Readable): Promise<{ readonly header: Buffer; readonly nonce: Buffer }> {
  let read = Buffer.alloc(0)
  for await (const chunk of encrypted.iterator({ destroyOnReturn: false })) {
    read = Buffer.concat([read, chunk as Buffer])
    const mac = read.indexOf('\n--- ')
    const end = mac === -1 ? -1 : read.indexOf('\n', mac + 1) + 1
    if (end > 0 && read.length >= end + payloadNonceBytes) {
      const rest = read.subarray(end + payloadNonceBytes)
      if (rest.length > 0) encrypted.unshift(rest)
      const header = read.subarray(0, end)
      if (header.toString('latin1').split('\n-> ').length - 1 > mostRecipients) {
        throw damaged(`Its encryption header names more than ${mostRecipients} recipients.`)
      }
      return { header, nonce: read.subarray(end, end + payloadNonceBytes) }
    }
    if (read.length > longestHeaderBytes) break
  }
  throw new Error('The header has no end.')
}

/** What ends the one ends the other; whoever reads the second gets the reason. */
function pipe(from: Readable, to: NodeJS.ReadWriteStream): void {
  pipeline(from, to, () => undefined)
}
