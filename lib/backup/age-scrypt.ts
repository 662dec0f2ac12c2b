import { spawn } from 'node:child_process'
import { createCipheriv, createDecipheriv, createHash, randomBytes } from 'node:crypto'
import { type Identity, type Recipient, Stanza } from 'age-encryption'
import { AppError } from '@/lib/core/errors'

/**
 * Memory and time of turning a passphrase into a key: 2^16 takes 64 MiB and a fifth of a second. The `age` tool writes
 * 2^18, whose 256 MiB are more than a whole backup may use here; passphrases must be long instead (see key-policy.ts).
 */
const workFactor = 16
/** The largest that is tried when reading: 2^20 takes 1 GiB. The `age` tool's own bound is 2^22. */
const largestWorkFactor = 20
const label = 'age-encryption.org/v1/scrypt'
const overheadBytes = 16
const fileKeyBytes = 16

/** A salt whose key is ready: whoever waits for the archive does not wait for it, and the trial of that archive needs none again. */
export async function prepareSalt(passphrase: string): Promise<Buffer> {
  const ready = reserved
  if (ready !== null && ready.passphrase === passphrase) {
    // For one archive alone.
    reserved = null
    return ready.salt
  }
  const salt = randomBytes(16)
  await keyFrom(passphrase, salt, workFactor)
  return salt
}

/** The salt that the next `prepareSalt` for this passphrase answers: for an archive that is written while people wait. */
export async function reserveSalt(passphrase: string): Promise<void> {
  if (reserved?.passphrase === passphrase) return
  reserved = { passphrase, salt: await prepareSalt(passphrase) }
}

let reserved: { readonly passphrase: string; readonly salt: Buffer } | null = null

/**
 * age's own passphrase stanza by Node's scrypt. The library's is plain JavaScript: it holds the event loop for 2.6 s, in
 * which a worker gives no sign of life.
 */
export function passphraseRecipient(passphrase: string, salt: Buffer = randomBytes(16)): Recipient {
  return {
    wrapFileKey: async (fileKey) => {
      const cipher = createCipheriv('chacha20-poly1305', await keyFrom(passphrase, salt, workFactor), Buffer.alloc(12), {
        authTagLength: 16,
      })
      const body = Buffer.concat([cipher.update(fileKey), cipher.final(), cipher.getAuthTag()])
      return [new Stanza(['scrypt', base64(salt), String(workFactor)], new Uint8Array(body))]
    },
  }
}

/** Opens what `passphraseRecipient` or `age --passphrase` wrote; answers null for another passphrase. */
export function passphraseIdentity(passphrase: string): Identity {
  return {
    unwrapFileKey: async (stanzas) => {
      const [stanza] = stanzas
      // A passphrase stanza stands alone (age's specification): others beside it would undo what it promises.
      if (stanzas.length !== 1 || stanza?.args[0] !== 'scrypt') return null
      const [, salt = '', factor = ''] = stanza.args
      const logN = /^[1-9]\d?$/.test(factor) ? Number(factor) : Number.NaN
      const isWellFormed = Buffer.from(salt, 'base64').length === 16 && stanza.body.length === fileKeyBytes + overheadBytes
      if (!isWellFormed || !(logN <= largestWorkFactor)) throw unusableStanza()
      const key = await keyFrom(passphrase, Buffer.from(salt, 'base64'), logN)
      const decipher = createDecipheriv('chacha20-poly1305', key, Buffer.alloc(12), { authTagLength: 16 })
      decipher.setAuthTag(stanza.body.subarray(fileKeyBytes))
      try {
        return new Uint8Array(Buffer.concat([decipher.update(stanza.body.subarray(0, fileKeyBytes)), decipher.final()]))
      } catch {
        return null
      }
    },
  }
}

/** The latest keys, under what they were made of: an archive is read back right after it was written, and a restore has one more to write. */
const latest = new Map<string, Promise<Buffer>>()
const mostKept = 2

function keyFrom(passphrase: string, salt: Buffer, logN: number): Promise<Buffer> {
  const of = createHash('sha256')
    .update(`${logN} ${salt.toString('hex')} ${passphrase}`)
    .digest('hex')
  const known = latest.get(of)
  if (known !== undefined) return known
  const key = makeKey(passphrase, salt, logN)
  latest.set(of, key)
  key.catch(() => latest.delete(of))
  for (const oldest of [...latest.keys()].slice(0, -mostKept)) latest.delete(oldest)
  return key
}

/** Reads what to derive from its standard input, where nobody else can: arguments and environments are shown by `ps`. */
const program = `
let text = ''
process.stdin.on('data', (chunk) => { text += chunk }).on('end', () => {
  const { passphrase, salt, N } = JSON.parse(text)
  const options = { N, r: 8, p: 1, maxmem: 128 * N * 8 + 2 ** 20 }
  process.stdout.write(require('node:crypto').scryptSync(passphrase, Buffer.from(salt, 'hex'), 32, options).toString('hex'))
})`

/**
 * In a process of its own, for some 60 ms more: what scrypt takes (64 MiB, up to 1 GiB for archives from elsewhere) is not
 * added to what a backup holds, and is given back to the system at once.
 */
function makeKey(passphrase: string, salt: Buffer, logN: number): Promise<Buffer> {
  const wanted = { passphrase, salt: Buffer.concat([Buffer.from(label), salt]).toString('hex'), N: 2 ** logN }
  return new Promise((resolve, reject) => {
    // The flags of our own process (--expose-gc, heap bounds) and NODE_OPTIONS are for our own work.
    const child = spawn(process.execPath, ['-e', program], { env: { ...process.env, NODE_OPTIONS: '' }, stdio: ['pipe', 'pipe', 'pipe'] })
    let [answer, complaint] = ['', '']
    const fail = (cause: Error) =>
      reject(new AppError({ code: 'INTERNAL', message: 'The key of a passphrase could not be derived.', cause }))
    child.stdout.setEncoding('utf8').on('data', (chunk: string) => {
      answer += chunk
    })
    child.stderr.setEncoding('utf8').on('data', (chunk: string) => {
      complaint = `${complaint}${chunk}`.slice(-2000)
    })
    child.stdin.on('error', () => undefined).end(JSON.stringify(wanted))
    child.on('error', fail).on('close', (status) => {
      const key = Buffer.from(answer, 'hex')
      if (status === 0 && key.length === 32) resolve(key)
      else fail(new Error(complaint || `It ended with status ${status}.`))
    })
  })
}

/** Base64 without padding, as age writes it. */
function base64(bytes: Buffer): string {
  return bytes.toString('base64').replace(/=+$/, '')
}

function unusableStanza(): AppError {
  return new AppError({
    code: 'BACKUP_REFUSED',
    operation: 'open an encrypted archive',
    message: 'The passphrase part of this archive is not well formed, or wants more than 1 GiB of memory.',
    hint: 'Decrypt it with the age tool, and look where it came from.',
  })
}
