import { randomBytes } from 'node:crypto'
import { describe, expect, inject, it } from 'vitest'
import { withPostgres } from '@/tests/support/postgres-databases'
import { parseTargetUrl } from '../target-url'
import { makeTarget, previewTarget } from './make-target'
import { newPassword, planTarget, scramVerifier } from './make-target-plan'

const never = new AbortController().signal

describe.each(inject('postgresServers'))('making a target on $name', (server) => {
  const admin = (url = server.url) => parseTargetUrl(url, { allowPrivate: true })

  it('makes role, database and grants that a migration needs, and nothing else the second time', async () => {
    const names = freshNames()
    try {
      const made = await makeTarget(admin(), names, never)
      expect(made.inspection).toMatchObject({ isReady: true, schema: 'public' })
      expect(made.steps.map(({ purpose }) => purpose)).toEqual(['role', 'comment', 'database', 'grant-database', 'grant-schema'])
      const password = new URL(made.url).password
      expect(password.length).toBeGreaterThanOrEqual(32)
      expect(JSON.stringify([made.steps, made.inspection])).not.toContain(password)
      await withPostgres(made.url, (client) => client.query('CREATE TABLE kept (id int); INSERT INTO kept VALUES (1)'))

      const again = await makeTarget(admin(), names, never)
      expect(again.steps.map(({ purpose }) => purpose)).toEqual(['password', 'grant-database', 'grant-schema'])
      const { rows } = await withPostgres(again.url, (client) => client.query('SELECT id FROM kept'))
      expect(rows).toEqual([{ id: 1 }])
      await expect(refused(made.url)).resolves.toBe('28P01')
    } finally {
      await drop(server.url, names)
    }
  })

  it('works for an administrator who is no superuser, as managed offers have them', async () => {
    const names = freshNames()
    const operator = `operator_${names.role.slice(-8)}`
    await withPostgres(server.url, (client) => client.query(`CREATE ROLE ${operator} LOGIN CREATEROLE CREATEDB PASSWORD 'secret'`))
    try {
      const url = new URL(server.url)
      url.username = operator
      url.password = 'secret'
      const made = await makeTarget(admin(url.href), names, never)
      expect(made.inspection.isReady).toBe(true)
      expect(made.steps.map(({ purpose }) => purpose)).toContain('membership')
    } finally {
      await drop(server.url, names)
      await withPostgres(server.url, (client) => client.query(`DROP OWNED BY ${operator}; DROP ROLE ${operator}`))
    }
  })

  it('touches neither a role nor a database of somebody else, and says when the administrator lacks a right', async () => {
    const names = freshNames()
    await withPostgres(server.url, (client) => client.query(`CREATE ROLE "${names.role}" LOGIN PASSWORD 'theirs'`))
    try {
      await expect(makeTarget(admin(), names, never)).rejects.toMatchObject({ code: 'STATE_CONFLICT' })
      await expect(makeTarget(admin(), { role: freshNames().role, database: 'postgres' }, never)).rejects.toMatchObject({
        code: 'STATE_CONFLICT',
      })
      const url = new URL(server.url)
      url.username = names.role
      url.password = 'theirs'
      await expect(makeTarget(admin(url.href), freshNames(), never)).rejects.toMatchObject({
        code: 'TARGET_NOT_PRIVILEGED',
        message: expect.stringContaining('CREATEROLE'),
      })
      // Their password is as it was.
      await withPostgres(url.href, (client) => client.query('SELECT 1'))
    } finally {
      await withPostgres(server.url, (client) => client.query(`DROP ROLE "${names.role}"`))
    }
  })

  it('shows what it would do and does nothing', async () => {
    const names = freshNames()
    const shown = await previewTarget(admin(), names, never)
    expect(shown).toEqual(await previewTarget(null, names, never))
    expect(shown.join('\n')).toContain("PASSWORD '••••••••'")
    const { rowCount } = await withPostgres(server.url, (client) => client.query('SELECT 1 FROM pg_roles WHERE rolname = $1', [names.role]))
    expect(rowCount).toBe(0)
  })
})

describe('the plan', () => {
  it('quotes names and never shows the verifier', () => {
    const verifier = scramVerifier(newPassword())
    const names = { role: 'a"; DROP ROLE x; --', database: "o'brien" }
    const steps = planTarget(names, { roleExists: false, databaseExists: false, isSuperuser: false }, verifier)
    expect(steps.map(({ shown }) => shown).join('\n')).not.toContain('SCRAM')
    expect(steps[0]?.shown).toBe(`CREATE ROLE "a""; DROP ROLE x; --" WITH LOGIN PASSWORD '••••••••';`)
  })

  it('computes the verifier as PostgreSQL does', () => {
    // RFC 7677's example: user pencil, salt W22ZaJ0SNY7soEsUEjb6gQ==, 4096 rounds.
    const verifier = scramVerifier('pencil', Buffer.from('W22ZaJ0SNY7soEsUEjb6gQ==', 'base64'))
    expect(verifier).toBe(
      'SCRAM-SHA-256$4096:W22ZaJ0SNY7soEsUEjb6gQ==$WG5d8oPm3OtcPnkdi4Uo7BkeZkBFzpcXkuLmtbsT4qY=:wfPLwcE6nTWhTAmQ7tl2KeoiWGPlZqQxSrmfPwDl2dU=',
    )
  })

  it('refuses names that the server would cut or keeps for itself', async () => {
    for (const role of ['', 'pg_app', 'x'.repeat(64), 'public']) {
      await expect(previewTarget(null, { role, database: 'app' }, never)).rejects.toMatchObject({ code: 'INVALID_INPUT' })
    }
  })
})

function freshNames() {
  const end = randomBytes(5).toString('hex')
  return { role: `Made role ${end}`, database: `made_${end}` }
}

async function drop(url: string, { role, database }: { readonly role: string; readonly database: string }): Promise<void> {
  await withPostgres(url, async (client) => {
    await client.query(`DROP DATABASE IF EXISTS "${database}" WITH (FORCE)`)
    await client.query(`DROP ROLE IF EXISTS "${role}"`)
  })
}

async function refused(url: string): Promise<string> {
  return withPostgres(url, async () => 'let in').catch((error: { readonly code: string }) => error.code)
}
