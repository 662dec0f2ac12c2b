import type pg from 'pg'
import { z } from 'zod'
import { AppError } from '@/lib/core/errors'
import { connectPostgres, toPostgresError } from '../connect'
import { inspectTarget, type TargetInspection } from '../inspect-target'
import { parseTargetUrl, type TargetUrl, targetLabel } from '../target-url'
import { newPassword, planTarget, roleMark, scramVerifier, type TargetFacts, type TargetNames, type TargetStep } from './make-target-plan'

export interface MadeTarget {
  /** With its password; to be sealed at once. */
  readonly url: string
  readonly steps: readonly Pick<TargetStep, 'purpose' | 'shown'>[]
  /** What a look with the new role found. */
  readonly inspection: TargetInspection
}

const factsRow = z.object({
  isSuperuser: z.boolean(),
  mayCreateRoles: z.boolean(),
  mayCreateDatabases: z.boolean(),
  roleExists: z.boolean(),
  roleIsOurs: z.boolean(),
  databaseExists: z.boolean(),
  databaseIsTheirs: z.boolean(),
})

/**
 * Makes a role with a strong password and a database of its own, with an administrator's URL that is used for this alone.
 * Safe to repeat: what is there already is kept, and a role of ours gets a new password. A role or database that is
 * somebody else's is never touched. Then the new role itself looks at its database.
 *
 * @throws AppError TARGET_* when the server cannot be used so, TARGET_NOT_PRIVILEGED, STATE_CONFLICT when a name is taken
 */
export async function makeTarget(admin: TargetUrl, names: TargetNames, signal: AbortSignal): Promise<MadeTarget> {
  checkNames(names)
  const label = targetLabel(admin)
  const password = newPassword()
  const facts = await withClient(admin, signal, (client) => readFacts(client, names))
  requireUsable(facts, names, label)
  const steps = planTarget(names, facts, scramVerifier(password))
  await withClient(admin, signal, (client) => runSteps(client, steps, 'admin', label))
  await withClient({ ...admin, database: names.database, schema: 'public' }, signal, (client) => runSteps(client, steps, 'new', label))
  const url = urlOf(admin, names, password)
  const inspection = await inspectTarget(parseTargetUrl(url, { allowPrivate: admin.allowPrivate }), signal)
  return { url, steps: steps.map(({ purpose, shown }) => ({ purpose, shown })), inspection }
}

/** What would be done, as it is shown; of what is there already with an administrator's URL, as on an empty server without. */
export async function previewTarget(admin: TargetUrl | null, names: TargetNames, signal: AbortSignal): Promise<readonly string[]> {
  checkNames(names)
  const nothing: TargetFacts = { roleExists: false, databaseExists: false, isSuperuser: true }
  if (admin === null) return planTarget(names, nothing, '').map(({ sql }) => sql.replace("PASSWORD ''", "PASSWORD '••••••••'"))
  const facts = await withClient(admin, signal, (client) => readFacts(client, names))
  requireUsable(facts, names, targetLabel(admin))
  return planTarget(names, facts, scramVerifier('')).map(({ shown }) => shown)
}

const factsSql = `
SELECT r.rolsuper AS "isSuperuser", r.rolsuper OR r.rolcreaterole AS "mayCreateRoles", r.rolsuper OR r.rolcreatedb AS "mayCreateDatabases",
  EXISTS (SELECT 1 FROM pg_roles WHERE rolname = $1) AS "roleExists",
  EXISTS (SELECT 1 FROM pg_roles o WHERE o.rolname = $1 AND shobj_description(o.oid, 'pg_authid') = $3) AS "roleIsOurs",
  EXISTS (SELECT 1 FROM pg_database WHERE datname = $2) AS "databaseExists",
  EXISTS (SELECT 1 FROM pg_database d JOIN pg_roles o ON o.oid = d.datdba WHERE d.datname = $2 AND o.rolname = $1) AS "databaseIsTheirs"
FROM pg_roles r WHERE r.rolname = current_user`

async function readFacts(client: pg.Client, { role, database }: TargetNames) {
  return factsRow.parse((await client.query(factsSql, [role, database, roleMark])).rows[0])
}

function requireUsable(facts: z.infer<typeof factsRow>, { role, database }: TargetNames, subject: string): void {
  const operation = 'make a target'
  if (facts.roleExists && !facts.roleIsOurs) {
    throw new AppError({
      code: 'STATE_CONFLICT',
      operation,
      subject,
      message: `There is a role ${role} already that was not made here.`,
      hint: 'Choose another name for the role: its password is not to be changed under its owner.',
    })
  }
  if (facts.databaseExists && !facts.databaseIsTheirs) {
    throw new AppError({
      code: 'STATE_CONFLICT',
      operation,
      subject,
      message: `There is a database ${database} already that belongs to another role.`,
      hint: 'Choose another name for the database.',
    })
  }
  const missing = [
    ...(facts.mayCreateRoles ? [] : ['CREATEROLE']),
    ...(facts.mayCreateDatabases || facts.databaseExists ? [] : ['CREATEDB']),
  ]
  if (missing.length === 0) return
  throw new AppError({
    code: 'TARGET_NOT_PRIVILEGED',
    operation,
    subject,
    message: `The administrator’s role lacks: ${missing.join(', ')}.`,
    hint: 'Use the address of an administrator, or let the server’s owner run the statements shown.',
  })
}

async function runSteps(client: pg.Client, steps: readonly TargetStep[], where: TargetStep['where'], label: string): Promise<void> {
  for (const step of steps.filter((one) => one.where === where)) {
    await client.query(step.sql).catch((error: unknown) => {
      // The server's message may repeat the statement; what is shown of it has no password.
      const { code, message, hint } = toPostgresError(error, label)
      throw new AppError({
        code,
        operation: 'make a target',
        subject: label,
        message: `${message} At: ${step.shown}`,
        ...(hint === undefined ? {} : { hint }),
      })
    })
  }
}

async function withClient<T>(target: TargetUrl, signal: AbortSignal, use: (client: pg.Client) => Promise<T>): Promise<T> {
  const client = await connectPostgres(target, { applicationName: 'bascule set-up', signal })
  try {
    return await use(client)
  } finally {
    await client.end().catch(() => undefined)
  }
}

function urlOf({ host, port, sslMode, options }: TargetUrl, { role, database }: TargetNames, password: string): string {
  const address = host.includes(':') ? `[${host}]` : host
  const query = new URLSearchParams({
    ...(sslMode === 'prefer' ? {} : { sslmode: sslMode }),
    ...(options === null ? {} : { options }),
  }).toString()
  const name = encodeURIComponent
  return `postgresql://${name(role)}:${password}@${address}:${port}/${name(database)}${query === '' ? '' : `?${query}`}`
}

/** Longer ones would be cut by the server, and then be another name; pg_ is the server's own. */
function checkNames({ role, database }: TargetNames): void {
  for (const name of [role, database]) {
    if (name !== '' && Buffer.byteLength(name) <= 63 && !name.includes('\0') && !/^pg_/i.test(name) && name !== 'public' && name !== 'none')
      continue
    throw new AppError({
      code: 'INVALID_INPUT',
      operation: 'make a target',
      message: 'A name of a role or database cannot be used.',
      hint: 'Use 1 to 63 bytes, and no name that begins with pg_.',
    })
  }
}
