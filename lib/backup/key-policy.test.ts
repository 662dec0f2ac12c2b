import { describe, expect, it } from 'vitest'
import { reportError } from '@/lib/core/errors'
import { generateKeyPair, parseTypedKey } from './key-policy'

describe('parseTypedKey', () => {
  it('takes private keys, as age-keygen writes them or in small letters, and anything else as a passphrase', async () => {
    const { identity, recipient } = await generateKeyPair()
    expect(parseTypedKey(`# public key: ${recipient}\n${identity.toLowerCase()}\n`)).toEqual({ passphrases: [], identities: [identity] })
    expect(parseTypedKey('four words in a row')).toEqual({ passphrases: ['four words in a row'], identities: [] })
  })

  it('says that a private key has a slip in it, and quotes nothing of it', async () => {
    const { identity } = await generateKeyPair()
    const slip = identity.at(-1) === 'Q' ? 'P' : 'Q'
    for (const wrong of [`${identity.slice(0, -1)}${slip}`, identity.slice(0, -1), `${identity}${slip}`, 'AGE-SECRET-KEY-1QQQ']) {
      const error = await Promise.resolve()
        .then(() => parseTypedKey(wrong))
        .catch((thrown: unknown) => thrown)
      expect(reportError(error).code).toBe('BACKUP_KEY_WRONG')
      expect(JSON.stringify(reportError(error))).not.toContain(wrong.slice(16, 30))
      expect(error).not.toHaveProperty('cause.message')
    }
  })
})
