import { randomBytes } from 'node:crypto'
import type pg from 'pg'
import { z } from 'zod'
import { reportError } from '@/lib/core/errors'
import { quoteName, safeSql } from '@/lib/core/quoted-name'
import { readPostgresCatalogue } from '@/lib/postgres/catalogue'
import { connectPostgres, sqlStateOf, withPostgres } from '@/lib/postgres/connect'
import { asTargetUrl, type TargetUrl } from '@/lib/postgres/target-url'
import type { Manifest } from './manifest'
import { dropOrdinaryRoles, makeOrdinaryRole, type OrdinaryRole, readPowers } from './ordinary-role'
import { loadDump } from './restore-postgres-dump'
import { countTables } from './snapshot-postgres'
import { NoPlaceForTrial, type RestoredScratch } from './try-restore'

const prefix = 'bascule_trial_'
const insufficientPrivilege = '42501'

/**
 * Makes a database beside the app's, loads the dump into it, counts it, and drops it, whatever happens.
 *
 * @throws NoPlaceForTrial when the role may not create databases; AppError DUMP_FAILED, TARGET_*, CANCELLED
 */
export async function tryInScratchDatabase(
  place: ScratchPlace,
  folder: string,
  manifest: Manifest,
  signal: AbortSignal,
): Promise<RestoredScratch> {
  return withScratchDatabase(place, manifest.database.schema ?? 'public', signal, async ({ target, client }) => {
    await loadDump({ folder, manifest, target, signal })
    const tables = await countTables(client, await readPostgresCatalogue(client, target.schema))
    return { place: `scratch database on ${target.host}:${target.port}`, tables }
  })
}

export interface ScratchPlace {
  /** A database on the server; its role may create others. */
  readonly url: string
  /** Whether what is loaded comes from elsewhere: then it is loaded by a role that can do nothing but own this one database. */
  readonly foreign: boolean
}

export interface ScratchDatabase {
  readonly target: TargetUrl
  /** The same as text, for libraries that want one. */
  readonly url: string
  /** A connection to it; while it is open nobody takes the database for a leftover. */
  readonly client: pg.Client
}

/**
 * Makes an empty database beside the app's and drops it after `use`, whatever happens. Databases that a killed process left
 * are dropped first: one that is in use has a connection.
 *
 * @param schema that connections to it look in
 * @throws NoPlaceForTrial when the role may not create databases; AppError TARGET_*, CANCELLED, and whatever `use` throws
 */
export async function withScratchDatabase<T>(
  { url, foreign }: ScratchPlace,
  schema: string,
  signal: AbortSignal,
  use: (scratch: ScratchDatabase) => Promise<T>,
): Promise<T> {
  const own = asTargetUrl(url)
  const { name, role } = await withPostgres(own, { applicationName: 'bascule trial', signal }, async (client) => {
    const now = await dropLeftovers(client)
    const unused = `${prefix}${now.toString(16)}_${randomBytes(6).toString('hex')}`
    const ordinary = foreign && (await readPowers(client)).length > 0 ? await makeOrdinaryRole(client, unused) : null
    await createDatabase(client, unused, ordinary)
    return { name: unused, role: ordinary }
  })
  const target: TargetUrl = { ...own, ...role, database: name, schema }
  const text = new URL(url)
  text.pathname = `/${name}`
  text.searchParams.set('schema', schema)
  if (role !== null) {
    text.username = role.user
    text.password = role.password
  }
  try {
    // Up to PostgreSQL 14 the schema belongs to the superuser, and a dump makes it anew.
    if (role !== null)
      await withPostgres({ ...own, database: name }, { applicationName: 'bascule trial', signal }, (client) =>
        client.query(safeSql`ALTER SCHEMA public OWNER TO ${quoteName(role.user)}`),
      )
    const client = await connectToScratch(target, role, signal)
    try {
      return await use({ target, url: text.href, client })
    } finally {
      await client.end().catch(() => undefined)
    }
  } finally {
    // Also after a cancel: the scratch must not stay.
    const client = await connectPostgres(own, { applicationName: 'bascule trial' })
    try {
      await client.query(safeSql`DROP DATABASE IF EXISTS ${quoteName(name)} WITH (FORCE)`)
      if (role !== null) await client.query(safeSql`DROP ROLE IF EXISTS ${quoteName(role.user)}`)
    } finally {
      await client.end().catch(() => undefined)
    }
  }
}

async function connectToScratch(target: TargetUrl, role: OrdinaryRole | null, signal: AbortSignal): Promise<pg.Client> {
  try {
    return await connectPostgres(target, { applicationName: 'bascule trial', signal })
  } catch (error) {
    if (role === null || reportError(error).code !== 'TARGET_PASSWORD_REFUSED') throw error
    throw new NoPlaceForTrial(
      'An archive from elsewhere is read by an ordinary role that is made for it, and the server (or a pooler before it) lets no new role in. Name the server itself, allow it in pg_hba.conf, or let the app use a role that is no superuser.',
    )
  }
}

async function createDatabase(client: pg.Client, name: string, owner: OrdinaryRole | null): Promise<void> {
  const owned = owner === null ? safeSql`` : safeSql` OWNER ${quoteName(owner.user)}`
  try {
    await client.query(safeSql`CREATE DATABASE ${quoteName(name)} TEMPLATE template0 ENCODING 'UTF8'${owned}`)
  } catch (error) {
    if (owner !== null) await client.query(safeSql`DROP ROLE IF EXISTS ${quoteName(owner.user)}`).catch(() => undefined)
    if (sqlStateOf(error) !== insufficientPrivilege) throw error
    throw new NoPlaceForTrial('The role of the app may not create a database for the trial. Grant it: ALTER ROLE … CREATEDB.')
  }
}

/** From being made until its maker has connected, a database looks like one that was left: it is given this long. */
const connectingSeconds = 120

/** Answers the server's time in seconds since 1970, which the names of these databases begin with. */
async function dropLeftovers(client: pg.Client): Promise<number> {
  const answer = await client.query<{ now: number }>('SELECT extract(epoch FROM now())::float8 AS now')
  const now = Math.floor(answer.rows[0]?.now ?? Date.now() / 1000)
  const { rows } = await client.query(
    `SELECT datname AS name FROM pg_database d WHERE datname LIKE 'bascule\\_trial\\_%' AND pg_has_role(datdba, 'USAGE')
       AND NOT EXISTS (SELECT 1 FROM pg_stat_activity a WHERE a.datid = d.oid)`,
  )
  for (const { name } of z.array(z.object({ name: z.string() })).parse(rows)) {
    if (now - madeAt(name) < connectingSeconds) continue
    // Without FORCE: one that somebody has just connected to is alive.
    await client.query(safeSql`DROP DATABASE IF EXISTS ${quoteName(name)}`).catch(() => undefined)
  }
  await dropOrdinaryRoles(client, (name) => now - madeAt(name) >= connectingSeconds)
  return now
}

/** Zero for names without a time. */
function madeAt(name: string): number {
  const [, seconds] = /^bascule_trial_([0-9a-f]{8})_/.exec(name) ?? []
  return seconds === undefined ? 0 : Number.parseInt(seconds, 16)
}
