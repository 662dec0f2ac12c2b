import { chown, copyFile, mkdtemp, readdir, readFile, rm, writeFile } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { afterAll, beforeAll, expect, inject, it } from 'vitest'
import { runPgProgram } from '@/lib/backup/pg-programs'
import type { SealedTarget } from '@/lib/control/active-state'
import { openPostgresClient } from '@/lib/database/postgres-client'
import { withPostgres as connected } from '@/lib/postgres/connect'
import { findPgDump } from '@/lib/postgres/find-pg-dump'
import { ownConnectionConfig, preferringClient } from '@/lib/postgres/own-connections'
import { offersTls } from '@/lib/postgres/probe-certificate'
import { parseTargetUrl } from '@/lib/postgres/target-url'
import { findEntry } from '@/lib/troubleshooting/catalogue'
import { diagnose } from '@/lib/troubleshooting/diagnose'
import type { Subject } from '@/lib/troubleshooting/subject'
import { serverIdentity } from '@/scripts/postgres-cluster'
import { type OwnServer, startOwnServer } from './support/own-server'
import { withPostgres } from './support/postgres-databases'

// Made for these tests: an authority, one key, and three certificates of its for a hundred years, January 2020, another name.
const certificates = join(import.meta.dirname, 'support/tls')
const never = new AbortController().signal
let folder: string
let server: OwnServer
let dataDir: string
let ca: string

beforeAll(async () => {
  folder = await mkdtemp(join(tmpdir(), 'bascule-tls-'))
  server = await startOwnServer(join(folder, 'postgres'))
  const { rows } = await withPostgres(server.url, (client) => client.query('SHOW data_directory'))
  dataDir = rows[0].data_directory
  ca = await readFile(join(certificates, 'ca.crt'), 'utf8')
  const key = join(dataDir, 'server.key')
  await writeFile(key, await readFile(join(certificates, 'server.key')), { mode: 0o600 })
  const identity = serverIdentity()
  if (identity.uid !== undefined && identity.gid !== undefined) await chown(key, identity.uid, identity.gid)
})
afterAll(async () => {
  await server?.[Symbol.asyncDispose]()
  await rm(folder, { recursive: true, force: true })
})

it('without TLS: said to be the cause only where the address asks for it', async () => {
  expect(await ask('TARGET_TLS_FAILED', '?sslmode=require')).toMatchObject({ outcome: 'is', finding: 'certificate-plain' })
  expect(await ask('TARGET_TLS_FAILED', '')).toMatchObject({ outcome: 'is-not' })
  expect(await ask('CERT_HAS_EXPIRED', '?sslmode=require')).toMatchObject({ outcome: 'is-not', seeAlso: 'TARGET_TLS_FAILED' })
})

it('an unknown authority: the migration and the app agree on what each mode checks, and a CA that is given is trusted', async () => {
  await serve('good')
  expect(await ask('SELF_SIGNED_CERT_IN_CHAIN', '?sslmode=verify-full')).toMatchObject({ outcome: 'is', finding: 'certificate-untrusted' })
  expect(await ask('CERT_HAS_EXPIRED', '?sslmode=verify-full')).toMatchObject({ outcome: 'is-not', seeAlso: 'CERTIFICATE_UNTRUSTED' })
  const authority = sslca()
  const accepted = ['?sslmode=require', `?sslmode=verify-ca&${authority}`, `?sslmode=verify-full&${authority}`]
  for (const query of accepted) expect(await reach(query), query).toEqual({ migration: true, app: true })
  for (const query of ['?sslmode=verify-ca', '?sslmode=verify-full'])
    expect(await reach(query), query).toEqual({ migration: false, app: false })
  expect(await ask('TARGET_TLS_FAILED', `?sslmode=verify-full&${authority}`)).toMatchObject({ outcome: 'is-not' })
})

it('PostgreSQL’s own programs check by the same authority, and refuse without it', async () => {
  await serve('good')
  const found = await findPgDump()
  // Wherever PostgreSQL's programs are installed, which the suite's second server comes from.
  if (found === null) return expect(inject('postgresServers')).toHaveLength(1)
  const ask = (query: string) =>
    runPgProgram({ pgDump: found.path, program: 'psql', args: ['-c', 'SELECT 1'], url: addressWith(query), signal: never })
  await ask(`?sslmode=verify-full&${sslca()}`)
  await ask('?sslmode=require')
  await expect(ask('?sslmode=verify-full')).rejects.toMatchObject({
    code: 'DUMP_FAILED',
    message: expect.stringContaining('certificate verify failed'),
  })
  expect((await readdir(tmpdir())).filter((name) => name.startsWith('bascule-ca-'))).toEqual([])
})

it('sslmode=prefer: TLS while the server offers it, none when it does not, and the app learns of a change', async () => {
  await serve('good')
  const target = parseTargetUrl(addressWith(''), { allowPrivate: true })
  const isProtected = async (Client: ReturnType<typeof preferringClient>) => {
    const client = new Client(addressWith(''))
    await client.connect()
    const { rows } = await client.query('SELECT ssl FROM pg_stat_ssl WHERE pid = pg_backend_pid()')
    await client.end()
    return rows[0].ssl
  }
  expect(await offersTls(target, never)).toBe(true)
  const Client = preferringClient(target, true)
  expect(await isProtected(Client)).toBe(true)
  await withPostgres(server.url, (client) => client.query('ALTER SYSTEM SET ssl = off').then(() => client.query('SELECT pg_reload_conf()')))
  await expect.poll(() => offersTls(target, never), { timeout: 30_000 }).toBe(false)
  await expect(isProtected(Client)).rejects.toThrow('does not support SSL')
  expect(await isProtected(Client)).toBe(false)
  // On this machine nobody listens in between.
  expect(await ownConnectionConfig(addressWith(''))).toMatchObject({ ssl: false })
})

it('an expired certificate and one for another name', async () => {
  const authority = sslca()
  await serve('expired')
  expect(await ask('CERT_HAS_EXPIRED', `?sslmode=verify-full&${authority}`)).toMatchObject({
    outcome: 'is',
    finding: 'certificate-expired',
  })
  await serve('other')
  expect(await ask('ERR_TLS_CERT_ALTNAME_INVALID', `?sslmode=verify-full&${authority}`)).toMatchObject({
    outcome: 'is',
    finding: 'certificate-name',
  })
  expect(await reach(`?sslmode=verify-ca&${authority}`)).toEqual({ migration: true, app: true })
  expect(await reach(`?sslmode=verify-full&${authority}`)).toEqual({ migration: false, app: false })
})

it('refuses what is no certificate', () => {
  expect(() => parseTargetUrl(`postgresql://a@b/c?sslca=${Buffer.from('/etc/passwd').toString('base64')}`, { allowPrivate: true })).toThrow(
    expect.objectContaining({ code: 'TARGET_URL_INVALID' }),
  )
})

function sslca(): string {
  return `sslca=${encodeURIComponent(Buffer.from(ca).toString('base64'))}`
}

async function serve(name: string): Promise<void> {
  await copyFile(join(certificates, `${name}.crt`), join(dataDir, 'server.crt'))
  await withPostgres(server.url, async (client) => {
    await client.query('ALTER SYSTEM SET ssl = on')
    await client.query('SELECT pg_reload_conf()')
  })
  const wanted = (await readFile(join(certificates, `${name}.crt`), 'utf8')).replace(/\s/g, '')
  // The server reads its files again in its own time.
  await expect.poll(async () => (await shown()).replace(/\s/g, ''), { timeout: 30_000 }).toBe(wanted)
}

/** The certificate that the server shows now, as PEM. */
async function shown(): Promise<string> {
  const client = new (await import('pg')).default.Client({ connectionString: server.url, ssl: { rejectUnauthorized: false } })
  try {
    await client.connect()
    const { stream } = (client as unknown as { connection: { stream: import('node:tls').TLSSocket } }).connection
    const der = stream.getPeerCertificate(true).raw.toString('base64')
    return `-----BEGIN CERTIFICATE-----${der}-----END CERTIFICATE-----`
  } catch {
    return ''
  } finally {
    await client.end().catch(() => undefined)
  }
}

function addressWith(query: string): string {
  return `${server.url.replace(/\?.*$/, '').replace('127.0.0.1', 'localhost')}${query}`
}

async function reach(query: string) {
  const migration = await connected(addressWith(query), { applicationName: 'test' }, (client) => client.query('SELECT 1')).then(
    () => true,
    () => false,
  )
  const app = await openPostgresClient(addressWith(query))
  // There is no table in this database: to be told so is to have been let in.
  const isReached = await app.reader.user.count().then(
    () => true,
    (error: { readonly code?: string }) => error.code === 'P2021',
  )
  await app.close()
  return { migration, app: isReached }
}

async function ask(code: string, query: string) {
  const entry = findEntry(code)
  if (!entry) throw new Error(code)
  const url = parseTargetUrl(addressWith(query), { allowPrivate: true })
  const target: SealedTarget = { sealedUrl: '', label: '' }
  const subject = {
    root: folder,
    state: { status: 'on-postgresql', jobId: null, target, since: new Date().toISOString() },
    sqlitePath: null,
    target: { url, label: '' },
    asksPostgres: true,
  } satisfies Partial<Subject>
  // What a certificate is asked about needs no store.
  return diagnose(entry, subject as unknown as Subject, never)
}
