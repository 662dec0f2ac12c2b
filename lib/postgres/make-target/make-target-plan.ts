import { createHash, createHmac, pbkdf2Sync, randomBytes } from 'node:crypto'
import { quoteName, quoteText } from '@/lib/core/quoted-name'

/** What is to be made. */
export interface TargetNames {
  readonly role: string
  readonly database: string
}

/** How a step is said and done. `purpose` is the key of its sentence in messages/. */
export interface TargetStep {
  readonly purpose: 'role' | 'password' | 'comment' | 'membership' | 'database' | 'grant-database' | 'grant-schema'
  /** As it is shown: without the password. */
  readonly shown: string
  /** As it is sent. */
  readonly sql: string
  /** Where it runs: the database that the administrator's URL names, or the new one. */
  readonly where: 'admin' | 'new'
}

/** What is there already, as the server says. */
export interface TargetFacts {
  readonly roleExists: boolean
  readonly databaseExists: boolean
  /** A superuser may make databases for others without being one of them. */
  readonly isSuperuser: boolean
}

/** Stands where the password's verifier is sent. */
const mask = "'••••••••'"
/** Tells a role that we made from one that is somebody's; only the former gets another password. */
export const roleMark = 'made by Bascule'

/**
 * The statements that make a role and a database of its own, in order; what exists is left out, so that repeating it is
 * safe. Names are quoted here and nowhere else.
 *
 * From PostgreSQL 15 on nobody but a database's owner may create in its schema `public`; the grant says so in any version.
 * From 16 on CREATEROLE is not enough to make a database for a role: one has to be a member of it.
 *
 * @param verifier what `scramVerifier` made: the password itself is never sent, and so never logged by the server
 */
export function planTarget({ role, database }: TargetNames, facts: TargetFacts, verifier: string): readonly TargetStep[] {
  const [who, what] = [quoteName(role), quoteName(database)]
  const secret = quoteText(verifier)
  const step = (purpose: TargetStep['purpose'], where: TargetStep['where'], sql: string): TargetStep => ({
    purpose,
    where,
    sql,
    shown: sql.replace(secret, mask),
  })
  return [
    facts.roleExists
      ? step('password', 'admin', `ALTER ROLE ${who} WITH LOGIN PASSWORD ${secret};`)
      : step('role', 'admin', `CREATE ROLE ${who} WITH LOGIN PASSWORD ${secret};`),
    ...(facts.roleExists ? [] : [step('comment', 'admin', `COMMENT ON ROLE ${who} IS ${quoteText(roleMark)};`)]),
    ...(facts.isSuperuser || facts.databaseExists ? [] : [step('membership', 'admin', `GRANT ${who} TO CURRENT_USER;`)]),
    ...(facts.databaseExists
      ? []
      : [step('database', 'admin', `CREATE DATABASE ${what} OWNER ${who} ENCODING 'UTF8' TEMPLATE template0;`)]),
    step('grant-database', 'admin', `GRANT ALL PRIVILEGES ON DATABASE ${what} TO ${who};`),
    step('grant-schema', 'new', `GRANT CREATE, USAGE ON SCHEMA public TO ${who};`),
  ]
}

/** 192 bits, in characters that need no encoding in a URL. */
export function newPassword(): string {
  return randomBytes(24).toString('base64url')
}

const iterations = 4096

/**
 * What PostgreSQL stores for a password (SCRAM-SHA-256), computed here.
 * https://www.postgresql.org/docs/current/catalog-pg-authid.html
 *
 * @param password in ASCII, so that SASLprep changes nothing
 */
export function scramVerifier(password: string, salt: Buffer = randomBytes(16)): string {
  const salted = pbkdf2Sync(password, salt, iterations, 32, 'sha256')
  const keyed = (text: string) => createHmac('sha256', salted).update(text).digest()
  const stored = createHash('sha256').update(keyed('Client Key')).digest('base64')
  return `SCRAM-SHA-256$${iterations}:${salt.toString('base64')}$${stored}:${keyed('Server Key').toString('base64')}`
}
