import { once } from 'node:events'
import { createServer, type IncomingHttpHeaders, type Server } from 'node:http'
import type { AddressInfo } from 'node:net'
import { join } from 'node:path'
import { SMTPServer } from 'smtp-server'
import { afterEach, beforeEach, describe, expect, it, vi } from 'vitest'
import { newBackupId } from '@/lib/backup/archive-name'
import { noteFailed } from '@/lib/backup/backup-catalogue'
import { type BackupSetup, makeBackup } from '@/lib/backup/make-backup'
import { type ControlStore, openControlStore } from '@/lib/control/control-store'
import { createTestBackupSetup } from '@/tests/support/backup-source'
import { createCvsiteDatabase, type TestSqliteDatabase } from '@/tests/support/sqlite-databases'
import { defaultAlarmSettings, isHealthToken, renewHealthToken, saveAlarmSettings, viewAlarmSettings } from './alarm-settings'
import type { AlarmSettingsInput } from './alarm-view'
import { requireHookUrl, sendWebhook, signatureOf } from './send-webhook'
import { type AlarmParts, listAlarms, testChannel, watchAlarms } from './watch-alarms'

vi.setConfig({ testTimeout: 120_000 })

let database: TestSqliteDatabase
let store: ControlStore
let setup: BackupSetup
let parts: AlarmParts
let now: Date

beforeEach(async () => {
  now = new Date('2026-11-22T12:00:00Z')
  database = await createCvsiteDatabase()
  store = await openControlStore(join(database.folder, 'control.db'), { clock: { now: () => now } })
  setup = createTestBackupSetup(database.folder, store, database.path)
  parts = { setup, allowPrivate: true, siteUrl: 'http://127.0.0.1:3000' }
})
afterEach(async () => {
  await store.close()
  await database.remove()
})

const hours = (count: number) => {
  now = new Date(now.getTime() + count * 3_600_000)
}
const make = () =>
  makeBackup(setup, { origin: 'manual', requestedBy: 'admin', jobId: null, holder: 'test' }, () => undefined, new AbortController().signal)
const watch = () => watchAlarms(parts, 'test')
const open = async () => (await listAlarms(store)).filter(({ clearedAt }) => clearedAt === null).map(({ detail }) => detail.kind)
const save = (change: Partial<AlarmSettingsInput>) =>
  saveAlarmSettings({ store, master: setup.master, allowPrivate: true }, { ...defaultAlarmSettings, ...change }, 'admin')

describe('alarms', () => {
  it('are raised once a cause, and cleared when it is over', async () => {
    await watch()
    await watch()
    expect(await open()).toEqual(['backup-none'])
    await make()
    await watch()
    expect(await open()).toEqual([])
    expect(await listAlarms(store)).toMatchObject([{ detail: { kind: 'backup-none' }, clearedAt: now.toISOString() }])
    hours(49)
    await watch()
    expect(await open()).toEqual(['backup-old'])
    await noteFailed(
      setup,
      {
        id: newBackupId(now),
        origin: 'scheduled',
        createdAt: now,
        requestedBy: 's',
        jobId: null,
        engine: 'sqlite',
        encryption: { kind: 'none' },
      },
      { code: 'LOCAL_DISK_FULL', message: 'The disk is full.', retryable: false },
    )
    await watch()
    expect((await open()).sort()).toEqual(['backup-failed', 'backup-old'])
    hours(1)
    await make()
    await watch()
    expect(await open()).toEqual([])
  })

  it('a clock that was set back makes no alarm, and none that stands goes by it alone', async () => {
    await make()
    hours(-72)
    await watch()
    expect(await open()).toEqual([])
  })
})

describe('alarms by mail', () => {
  it('one when it is raised, one when it is over, through a real SMTP server with a password', async () => {
    const mails: string[] = []
    const smtp = await startSmtp(mails)
    try {
      await save({ locale: 'fr', mail: smtp.settings })
      await watch()
      await watch()
      expect(mails).toHaveLength(1)
      expect(mails[0]).toContain('To: ops@example.org')
      expect(mails[0]).toContain('_Alerte_de_sauvegarde')
      expect(mails[0]).toContain('Aucune sauvegarde')
      await make()
      await watch()
      await watch()
      expect(mails).toHaveLength(2)
      expect(mails[1]).toContain('lev')
      expect((await listAlarms(store))[0]?.sent.map(({ channel, about, status }) => [channel, about, status])).toEqual([
        ['mail', 'raised', 'sent'],
        ['mail', 'cleared', 'sent'],
      ])
      await testChannel(parts, { ...defaultAlarmSettings, mail: smtp.settings }, 'mail')
      expect(mails).toHaveLength(3)
    } finally {
      await smtp.stop()
    }
  })

  it('a wrong password or a server that is away is said, waits and is tried again, longer each time', async () => {
    const mails: string[] = []
    const smtp = await startSmtp(mails)
    await save({ mail: { ...smtp.settings, password: 'wrong' } })
    await watch()
    const first = (await listAlarms(store))[0]?.sent[0]
    expect(first).toMatchObject({ status: 'waiting', attempts: 1, problem: expect.stringContaining('could not be sent') })
    expect(first?.problem).not.toContain('wrong')
    await watch()
    expect((await listAlarms(store))[0]?.sent[0]?.attempts).toBe(1)
    now = new Date(now.getTime() + 61_000)
    await watch()
    expect((await listAlarms(store))[0]?.sent[0]).toMatchObject({ attempts: 2, nextAt: new Date(now.getTime() + 120_000).toISOString() })
    await save({ mail: smtp.settings })
    now = new Date(now.getTime() + 121_000)
    await watch()
    expect(mails).toHaveLength(1)
    await smtp.stop()
  })
})

describe('alarms by webhook', () => {
  it('signed, once, and again after the receiver had failed', async () => {
    const calls: { headers: IncomingHttpHeaders; body: string }[] = []
    let status = 500
    const server = await startReceiver(calls, () => status)
    try {
      const url = `http://127.0.0.1:${(server.address() as AddressInfo).port}/hook?key=abc`
      await save({ webhook: { enabled: true, url, secret: 'shared secret' } })
      await watch()
      expect((await listAlarms(store))[0]?.sent[0]).toMatchObject({ status: 'waiting', problem: expect.stringContaining('500') })
      expect((await listAlarms(store))[0]?.sent[0]?.problem).not.toContain('abc')
      status = 204
      now = new Date(now.getTime() + 61_000)
      await watch()
      await watch()
      expect(calls).toHaveLength(2)
      const [first, second] = calls
      expect(second?.headers['bascule-delivery']).toBe(first?.headers['bascule-delivery'])
      const timestamp = String(second?.headers['bascule-timestamp'])
      expect(second?.headers['bascule-signature']).toBe(`v1=${signatureOf('shared secret', timestamp, second?.body ?? '')}`)
      expect(JSON.parse(second?.body ?? '')).toMatchObject({ type: 'alarm.raised', app: 'test', alarm: { kind: 'backup-none' } })
    } finally {
      server.close()
    }
  })

  it('never to a metadata address, to private networks only where allowed, and it follows no redirect', async () => {
    expect(() => requireHookUrl('http://169.254.169.254/latest', true)).toThrow(/link-local/)
    expect(() => requireHookUrl('http://127.0.0.1/', false)).toThrow(/private/)
    expect(() => requireHookUrl('file:///etc/passwd', true)).toThrow(/https/)
    const calls: { headers: IncomingHttpHeaders; body: string }[] = []
    const server = await startReceiver(calls, () => 302)
    try {
      const { port } = server.address() as AddressInfo
      const hook = { secret: null, allowPrivate: true }
      await expect(sendWebhook({ ...hook, url: `http://127.0.0.1:${port}/` }, {})).rejects.toThrow(/302.*redirects/)
      // A name that leads to this machine is found out when it is looked up.
      await expect(sendWebhook({ ...hook, allowPrivate: false, url: `http://localhost.localdomain:${port}/` }, {})).rejects.toThrow()
      expect(calls).toHaveLength(1)
    } finally {
      server.close()
    }
  })
})

describe('the settings of alarms', () => {
  it('show no secret, keep one that is not typed again, and do not hand it to another server', async () => {
    const mail = {
      enabled: true,
      host: 'mail.example.org',
      port: 587,
      security: 'starttls',
      user: 'u',
      password: 'p4ssword',
      from: 'a@example.org',
      to: ['b@example.org'],
    } as const
    await save({
      mail: { ...mail, to: [...mail.to] },
      webhook: { enabled: true, url: 'https://hooks.example.org/T0/secret', secret: 's3cret' },
    })
    const view = JSON.stringify(await viewAlarmSettings(setup))
    expect(view).not.toMatch(/p4ssword|s3cret|T0/)
    expect(await viewAlarmSettings(setup)).toMatchObject({
      mail: { hasPassword: true },
      webhook: { host: 'hooks.example.org', hasSecret: true },
    })
    const raw = JSON.stringify(await store.read.setting.findMany())
    expect(raw).not.toMatch(/p4ssword|s3cret|T0/)
    await save({ mail: { ...mail, to: [...mail.to], password: null }, webhook: { enabled: true, url: null, secret: null } })
    expect(await viewAlarmSettings(setup)).toMatchObject({ mail: { hasPassword: true }, webhook: { hasSecret: true } })
    await expect(save({ mail: { ...mail, to: [...mail.to], host: 'evil.example.org', password: null } })).rejects.toMatchObject({
      code: 'INVALID_INPUT',
    })
    await expect(save({ webhook: { enabled: true, url: 'https://evil.example.org/', secret: null } })).rejects.toMatchObject({
      code: 'INVALID_INPUT',
    })
  })

  it('the token of /api/health is shown once and kept as a digest', async () => {
    const token = await renewHealthToken(store, 'admin')
    expect([await isHealthToken(store, token), await isHealthToken(store, `${token}x`)]).toEqual([true, false])
    expect(JSON.stringify(await store.read.setting.findMany())).not.toContain(token)
    const next = await renewHealthToken(store, 'admin')
    expect([await isHealthToken(store, token), await isHealthToken(store, next)]).toEqual([false, true])
  })
})

async function startSmtp(mails: string[]): Promise<{ settings: AlarmSettingsInput['mail']; stop: () => Promise<void> }> {
  const server = new SMTPServer({
    authMethods: ['PLAIN', 'LOGIN'],
    onAuth: ({ username, password }, _session, done) =>
      username === 'bascule' && password === 'right' ? done(null, { user: username }) : done(new Error('Invalid username or password')),
    onData: (stream, _session, done) => {
      const chunks: Buffer[] = []
      stream.on('data', (chunk: Buffer) => chunks.push(chunk))
      stream.on('end', () => {
        mails.push(Buffer.concat(chunks).toString('utf8'))
        done()
      })
    },
  })
  // A client that gives up is no fault of the server's.
  server.on('error', () => undefined)
  server.listen(0, '127.0.0.1')
  await once(server.server, 'listening')
  const { port } = server.server.address() as AddressInfo
  // STARTTLS with the server's own certificate: the connection is encrypted before the password is said.
  const settings = {
    enabled: true,
    host: '127.0.0.1',
    port,
    security: 'starttls',
    user: 'bascule',
    password: 'right',
    from: 'app@example.org',
    to: ['ops@example.org'],
  } as const
  return { settings: { ...settings, to: [...settings.to] }, stop: () => new Promise((resolve) => server.close(() => resolve())) }
}

async function startReceiver(calls: { headers: IncomingHttpHeaders; body: string }[], status: () => number): Promise<Server> {
  const server = createServer((request, response) => {
    const chunks: Buffer[] = []
    request.on('data', (chunk: Buffer) => chunks.push(chunk))
    request.on('end', () => {
      calls.push({ headers: request.headers, body: Buffer.concat(chunks).toString('utf8') })
      response.writeHead(status(), { Location: '/elsewhere' }).end()
    })
  })
  server.listen(0, '127.0.0.1')
  await once(server, 'listening')
  return server
}
