import { randomUUID } from 'node:crypto'
import { statfs } from 'node:fs/promises'
import { z } from 'zod'
import { listBackups } from '@/lib/backup/backup-catalogue'
import { listDestinations } from '@/lib/backup/destinations/destination-store'
import type { BackupSetup } from '@/lib/backup/make-backup'
import { appendAudit } from '@/lib/control/audit'
import type { ControlStore } from '@/lib/control/control-store'
import type { Prisma } from '@/lib/control/generated/client'
import { type LeaseRequest, withLease } from '@/lib/control/lease'
import { AppError, reportError } from '@/lib/core/errors'
import { readAlarmSettings } from './alarm-settings'
import { alarmMail, alarmSentence, testSentence } from './alarm-texts'
import {
  type Alarm,
  type AlarmSettingsInput,
  alarmDetailSchema,
  alarmSchema,
  type Channel,
  channels,
  type Delivery,
  deliverySchema,
} from './alarm-view'
import { type AlarmInput, findAlarms } from './find-alarms'
import { readSwitchAlarms } from './find-switch-alarms'
import { sendMail } from './send-mail'
import { sendWebhook } from './send-webhook'

export interface AlarmParts {
  readonly setup: BackupSetup
  readonly allowPrivate: boolean
  /** Address of the app, for links. */
  readonly siteUrl: string
}

/** So far back a cleared alarm is still told; what could not be sent by then is of no use to anybody. */
const tellForMs = 7 * 24 * 3_600_000
const longestPauseMs = 3_600_000

/**
 * Looks at the backups, raises alarms for what is wrong and was not, clears those that are over, and tells each channel
 * once of either. What cannot be sent is tried again after one minute, two, four … up to an hour. One process at a time;
 * another one returns at once.
 *
 * @throws AppError KEY_INVALID when the settings were sealed with another NEXTAUTH_SECRET
 */
export async function watchAlarms(parts: AlarmParts, holder: string): Promise<void> {
  const { store } = parts.setup
  const lease: LeaseRequest = { name: 'alarms', holder, purpose: 'alarms' }
  try {
    await withLease(store, lease, new AbortController().signal, async () => {
      const settings = await readAlarmSettings(parts.setup)
      await compareWithRecord(parts.setup, settings)
      await tell(parts, settings)
    })
  } catch (error) {
    if (!(error instanceof AppError && error.code === 'LEASE_HELD')) throw error
  }
}

/** Open alarms first, then the latest that are over. */
export async function listAlarms(store: ControlStore, limit = 50): Promise<readonly Alarm[]> {
  const open = await store.read.alarm.findMany({ where: { clearedAt: null }, orderBy: { raisedAt: 'desc' }, take: limit })
  const over = await store.read.alarm.findMany({ where: { clearedAt: { not: null } }, orderBy: { clearedAt: 'desc' }, take: limit })
  return [...open, ...over].map(toAlarm)
}

/** Sends a test over one channel with these settings. @throws AppError DESTINATION_FAILED, INVALID_INPUT */
export async function testChannel(parts: AlarmParts, settings: AlarmSettingsInput, channel: Channel): Promise<void> {
  const now = parts.setup.store.clock.now().toISOString()
  const alarm: Alarm = { id: randomUUID(), detail: { kind: 'backup-none' }, raisedAt: now, clearedAt: null, sent: [] }
  await send(parts, settings, channel, alarm, 'test')
}

async function compareWithRecord(setup: BackupSetup, settings: AlarmSettingsInput): Promise<void> {
  const { store } = setup
  const now = store.clock.now()
  const ofBackups = findAlarms({
    backups: await listBackups(setup),
    rules: settings,
    freeBytes: await freeBytes(setup.folder),
    copies: await latestCopies(store),
    now,
  })
  const found = [...ofBackups, ...(await readSwitchAlarms(store))]
  const open = await store.read.alarm.findMany({ where: { clearedAt: null } })
  const known = new Set(open.map(({ cause }) => cause))
  await store.write(async (transaction) => {
    for (const { key, detail } of found) {
      const text = JSON.stringify(alarmDetailSchema.parse(detail))
      if (known.has(key)) {
        await transaction.alarm.updateMany({ where: { cause: key, clearedAt: null }, data: { detail: text } })
        continue
      }
      const id = randomUUID()
      await transaction.alarm.create({ data: { id, cause: key, raisedAt: now, detail: text, sent: '[]' } })
      await appendAudit(transaction, now, { actor: 'alarms', action: 'alarm.raised', subject: key })
    }
    for (const { id, cause } of open) {
      if (found.some(({ key }) => key === cause)) continue
      await transaction.alarm.update({ where: { id }, data: { clearedAt: now } })
      await appendAudit(transaction, now, { actor: 'alarms', action: 'alarm.cleared', subject: cause })
    }
  })
}

/** The latest finished copy of each destination that is in use. */
async function latestCopies(store: ControlStore): Promise<AlarmInput['copies']> {
  const copies: AlarmInput['copies'][number][] = []
  for (const { id, name, enabled } of await listDestinations(store)) {
    if (!enabled) continue
    const row = await store.read.backupCopy.findFirst({
      where: { destinationId: id, status: { not: 'uploading' } },
      orderBy: { at: 'desc' },
    })
    if (!row) continue
    const problem = row.error === null ? '' : z.object({ message: z.string() }).parse(JSON.parse(row.error)).message
    copies.push({ destinationId: id, name, failed: row.status === 'failed', problem, at: row.at.toISOString() })
  }
  return copies
}

async function freeBytes(folder: string): Promise<number | null> {
  const room = await statfs(folder).catch(() => null)
  return room && room.bavail * room.bsize
}

async function tell(parts: AlarmParts, settings: AlarmSettingsInput): Promise<void> {
  const { store } = parts.setup
  const since = new Date(store.clock.now().getTime() - tellForMs)
  const rows = await store.read.alarm.findMany({
    where: { OR: [{ clearedAt: null }, { clearedAt: { gt: since } }] },
    orderBy: { raisedAt: 'asc' },
  })
  for (const alarm of rows.map(toAlarm)) {
    for (const channel of channels) {
      if (!settings[channel].enabled) continue
      const about = dueMessage(alarm, channel, store.clock.now())
      if (about === null) continue
      const delivery = await attempt(parts, settings, channel, alarm, about)
      const others = alarm.sent.filter((one) => one.channel !== channel || one.about !== about)
      alarm.sent = [...others, delivery]
      const sent = JSON.stringify(alarm.sent)
      await store.write((transaction) => transaction.alarm.update({ where: { id: alarm.id }, data: { sent } }))
    }
  }
}

/** What a channel is still to be told, now. Of one that was over before it could be told, nothing. */
export function dueMessage(alarm: Alarm, channel: Channel, now: Date): Delivery['about'] | null {
  const of = (about: Delivery['about']) => alarm.sent.find((one) => one.channel === channel && one.about === about)
  const about = alarm.clearedAt === null ? 'raised' : 'cleared'
  if (about === 'cleared' && of('raised')?.status !== 'sent') return null
  const before = of(about)
  if (before?.status === 'sent') return null
  const waits = before?.nextAt && Date.parse(before.nextAt) > now.getTime() && Date.parse(before.at) <= now.getTime()
  return waits ? null : about
}

async function attempt(
  parts: AlarmParts,
  settings: AlarmSettingsInput,
  channel: Channel,
  alarm: Alarm,
  about: Delivery['about'],
): Promise<Delivery> {
  const before = alarm.sent.find((one) => one.channel === channel && one.about === about)
  const attempts = (before?.attempts ?? 0) + 1
  const now = parts.setup.store.clock.now()
  const common = { channel, about, attempts, at: now.toISOString() }
  try {
    await send(parts, settings, channel, alarm, about)
    return { ...common, status: 'sent', nextAt: null, problem: null }
  } catch (error) {
    const pauseMs = Math.min(longestPauseMs, 60_000 * 2 ** (attempts - 1))
    return { ...common, status: 'waiting', nextAt: new Date(now.getTime() + pauseMs).toISOString(), problem: reportError(error).message }
  }
}

async function send(
  parts: AlarmParts,
  settings: AlarmSettingsInput,
  channel: Channel,
  alarm: Alarm,
  about: Delivery['about'] | 'test',
): Promise<void> {
  const { name } = parts.setup.app
  const link = new URL('/admin/backups/alarms', parts.siteUrl).href
  if (channel === 'mail') return sendMail(settings.mail, alarmMail(name, alarm, about, link, settings.locale))
  const { id, detail, raisedAt, clearedAt } = alarm
  const text = about === 'test' ? testSentence(settings.locale) : alarmSentence(detail, settings.locale)
  const message = {
    type: about === 'test' ? 'test' : `alarm.${about}`,
    app: name,
    id,
    text,
    link,
    raisedAt,
    clearedAt,
    ...(about === 'test' ? {} : { alarm: detail }),
  }
  const { url, secret } = settings.webhook
  if (url === null) throw new AppError({ code: 'INVALID_INPUT', operation: 'call a webhook', message: 'The webhook has no address.' })
  return sendWebhook({ url, secret, allowPrivate: parts.allowPrivate }, message, `${id}-${about}`)
}

function toAlarm(row: Prisma.AlarmModel): Alarm {
  return alarmSchema.parse({
    id: row.id,
    detail: JSON.parse(row.detail),
    raisedAt: row.raisedAt.toISOString(),
    clearedAt: row.clearedAt?.toISOString() ?? null,
    sent: z.array(deliverySchema).parse(JSON.parse(row.sent)),
  })
}
