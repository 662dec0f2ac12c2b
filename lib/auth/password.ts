import { type Algorithm, hash, verify } from '@node-rs/argon2'

/** Shortest and longest password that an account may have, in characters. The upper bound keeps hashing cheap to refuse. */
export const passwordLength = { min: 10, max: 200 } as const

/**
 * argon2id with 19 MiB, two passes, one lane: OWASP's first recommendation.
 * The enum is `const` in the declarations only, which isolated modules cannot read; 2 is Argon2id.
 */
export const passwordHashing = { algorithm: 2 as Algorithm, memoryCost: 19_456, timeCost: 2, parallelism: 1, outputLen: 32 } as const

let decoy: Promise<string> | undefined

/** The argon2id hash of a password, in PHC form with its own random salt. */
export function hashPassword(password: string): Promise<string> {
  return hash(password, passwordHashing)
}

/**
 * Whether the password belongs to the hash. For an unknown user, or one without a password (null), a hash
 * of nothing is verified all the same, so that the answer takes as long and tells nobody which accounts exist.
 * A hash that cannot be parsed answers false.
 */
export async function verifyPassword(passwordHash: string | null, password: string): Promise<boolean> {
  if (password.length > passwordLength.max) return false
  decoy ??= hashPassword('no account has this password')
  const matches = await verify(passwordHash ?? (await decoy), password).catch(() => false)
  return passwordHash !== null && matches
}
