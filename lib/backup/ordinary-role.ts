import { randomBytes } from 'node:crypto'
import type pg from 'pg'
import { z } from 'zod'
import { quoteName, quoteText, safeSql } from '@/lib/core/quoted-name'
import { sqlStateOf } from '@/lib/postgres/connect'
import { NoPlaceForTrial } from './try-restore'

/** A role that may sign in and own what it is given, and nothing else. */
export interface OrdinaryRole {
  readonly user: string
  readonly password: string
}

/**
 * Why a statement of this session could reach beyond its database: run programs as the server's account, read and write its
 * files, or (CREATEROLE) give itself that right; by itself or as a member of another role. Empty for an ordinary role.
 */
export async function readPowers(client: pg.Client): Promise<readonly string[]> {
  const { rows } = await client.query(
    `SELECT DISTINCT CASE WHEN rolsuper THEN 'SUPERUSER' WHEN rolcreaterole THEN 'CREATEROLE' ELSE rolname END AS power
       FROM pg_catalog.pg_roles
      WHERE pg_catalog.pg_has_role(oid, 'MEMBER')
        AND (rolsuper OR rolcreaterole OR rolname IN ('pg_execute_server_program', 'pg_read_server_files', 'pg_write_server_files'))
      ORDER BY 1`,
  )
  return z
    .array(z.object({ power: z.string() }))
    .parse(rows)
    .map(({ power }) => power)
}

/**
 * Makes a role for one scratch database. A session that signs in as it can become nobody else, whatever statements it is fed:
 * `SET ROLE` on a session of ours would be undone by `RESET ROLE`.
 *
 * @throws NoPlaceForTrial when ours may not make roles
 */
export async function makeOrdinaryRole(client: pg.Client, user: string): Promise<OrdinaryRole> {
  const password = randomBytes(24).toString('hex')
  try {
    await client.query(safeSql`CREATE ROLE ${quoteName(user)} LOGIN PASSWORD ${quoteText(password)}`)
    // Whoever is no superuser may give a database to such a role only as its member.
    const { rows } = await client.query('SELECT 1 FROM pg_catalog.pg_roles WHERE rolname = current_user AND rolsuper')
    if (rows.length === 0) await client.query(safeSql`GRANT ${quoteName(user)} TO CURRENT_USER`)
  } catch (error) {
    if (sqlStateOf(error) !== '42501') throw error
    throw new NoPlaceForTrial(
      'The role of the app may run programs or read files on the server, and may not make an ordinary role that an archive from elsewhere could be read with. Take that right from it (REVOKE pg_execute_server_program, pg_read_server_files, pg_write_server_files FROM …).',
    )
  }
  return { user, password }
}

/** Roles that killed processes left; one that owns a database that is in use stays. */
export async function dropOrdinaryRoles(client: pg.Client, isOld: (name: string) => boolean): Promise<void> {
  const { rows } = await client.query(`SELECT rolname AS name FROM pg_catalog.pg_roles WHERE rolname LIKE 'bascule\\_trial\\_%'`)
  for (const { name } of z.array(z.object({ name: z.string() })).parse(rows))
    if (isOld(name)) await client.query(safeSql`DROP ROLE IF EXISTS ${quoteName(name)}`).catch(() => undefined)
}
