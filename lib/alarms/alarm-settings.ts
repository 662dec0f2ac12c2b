import { createHash, randomBytes, timingSafeEqual } from 'node:crypto'
import { z } from 'zod'
import { appendAudit } from '@/lib/control/audit'
import type { ControlStore } from '@/lib/control/control-store'
import { openSecret, sealSecret } from '@/lib/control/secrets'
import { AppError } from '@/lib/core/errors'
import { type AlarmSettingsInput, type AlarmSettingsView, alarmSettingsInputSchema } from './alarm-view'
import { requireHookUrl } from './send-webhook'

const settingKey = 'backups.alarms'
const tokenKey = 'health.token'

/** Until somebody sets them: two days, so that one missed night does not cry; a day for the trial; nothing is sent. */
export const defaultAlarmSettings: AlarmSettingsInput = {
  maxAgeHours: 48,
  untestedAfterHours: 24,
  smallPercent: 50,
  locale: 'en',
  mail: { enabled: false, host: '', port: 587, security: 'starttls', user: '', password: null, from: '', to: [] },
  webhook: { enabled: false, url: null, secret: null },
}

export interface AlarmSettingsPlace {
  readonly store: ControlStore
  /** NEXTAUTH_SECRET. */
  readonly master: string
  /** Whether a webhook may lead into a private network. */
  readonly allowPrivate: boolean
}

/** The settings with their secrets, for the one who sends. @throws AppError KEY_INVALID after NEXTAUTH_SECRET was changed */
export async function readAlarmSettings({ store, master }: Pick<AlarmSettingsPlace, 'store' | 'master'>): Promise<AlarmSettingsInput> {
  const kept = await readKept(store)
  const open = (sealed: string | null) => (sealed === null ? null : openSecret(sealed, master))
  return {
    ...kept,
    mail: { ...kept.mail, password: open(kept.mail.password) },
    webhook: { ...kept.webhook, url: open(kept.webhook.url), secret: open(kept.webhook.secret) },
  }
}

/** The settings without any secret. */
export async function viewAlarmSettings(place: Pick<AlarmSettingsPlace, 'store' | 'master'>): Promise<AlarmSettingsView> {
  const { mail, webhook, ...rules } = await readAlarmSettings(place)
  const { password, ...server } = mail
  const token = await place.store.read.setting.findUnique({ where: { key: tokenKey } })
  return {
    ...rules,
    mail: { ...server, hasPassword: password !== null },
    webhook: {
      enabled: webhook.enabled,
      host: webhook.url !== null && URL.canParse(webhook.url) ? new URL(webhook.url).host : null,
      hasSecret: webhook.secret !== null,
    },
    hasHealthToken: token !== null,
  }
}

/**
 * What somebody typed, with the kept secrets where they typed none. A kept secret goes only where it went before: to
 * another mail server or another address it must be typed again.
 *
 * @throws AppError INVALID_INPUT naming what is missing; a webhook that leads where it must not
 */
export async function completeAlarmSettings(place: AlarmSettingsPlace, input: AlarmSettingsInput): Promise<AlarmSettingsInput> {
  const kept = await readAlarmSettings(place)
  const sameServer = kept.mail.host === input.mail.host && kept.mail.port === input.mail.port && kept.mail.user === input.mail.user
  const settings: AlarmSettingsInput = {
    ...input,
    mail: { ...input.mail, password: input.mail.password ?? (sameServer ? kept.mail.password : null) },
    webhook: {
      ...input.webhook,
      url: input.webhook.url ?? kept.webhook.url,
      secret: input.webhook.secret ?? (input.webhook.url === null || input.webhook.url === kept.webhook.url ? kept.webhook.secret : null),
    },
  }
  const { mail, webhook } = settings
  if (mail.enabled && (mail.host === '' || mail.from === '' || mail.to.length === 0))
    throw missing('Mail needs a server, a sender and a recipient.')
  if (mail.enabled && mail.user !== '' && mail.password === null)
    throw missing('The mail server wants a password for this user; type it again.')
  if (webhook.enabled && webhook.url === null) throw missing('The webhook needs an address.')
  // Without a shared secret nobody could tell our messages from others'.
  if (webhook.enabled && webhook.secret === null) throw missing('The webhook needs a shared secret, which its messages are signed with.')
  if (webhook.url !== null) requireHookUrl(webhook.url, place.allowPrivate)
  return settings
}

/** Sets them; secrets are sealed. @throws AppError INVALID_INPUT */
export async function saveAlarmSettings(place: AlarmSettingsPlace, input: AlarmSettingsInput, actor: string): Promise<void> {
  const { store, master } = place
  const settings = await completeAlarmSettings(place, input)
  const seal = (secret: string | null) => (secret === null ? null : sealSecret(secret, master))
  const value = JSON.stringify({
    ...settings,
    mail: { ...settings.mail, password: seal(settings.mail.password) },
    webhook: { ...settings.webhook, url: seal(settings.webhook.url), secret: seal(settings.webhook.secret) },
  })
  const at = store.clock.now()
  await store.write(async (transaction) => {
    const data = { value, updatedAt: at }
    await transaction.setting.upsert({ where: { key: settingKey }, create: { key: settingKey, ...data }, update: data })
    const detail = { mail: settings.mail.enabled, webhook: settings.webhook.enabled, maxAgeHours: settings.maxAgeHours }
    await appendAudit(transaction, at, { actor, action: 'alarms.changed', subject: 'backups', detail })
  })
}

/** A new token for /api/health, shown this once; the one before stops working. Only its digest is kept. */
export async function renewHealthToken(store: ControlStore, actor: string): Promise<string> {
  const token = `bh_${randomBytes(24).toString('base64url')}`
  const at = store.clock.now()
  const data = { value: JSON.stringify(digest(token).toString('hex')), updatedAt: at }
  await store.write(async (transaction) => {
    await transaction.setting.upsert({ where: { key: tokenKey }, create: { key: tokenKey, ...data }, update: data })
    await appendAudit(transaction, at, { actor, action: 'health.token-renewed', subject: '/api/health' })
  })
  return token
}

/** Whether this is the token for /api/health. */
export async function isHealthToken(store: ControlStore, given: string): Promise<boolean> {
  const row = await store.read.setting.findUnique({ where: { key: tokenKey } })
  if (!row) return false
  return timingSafeEqual(digest(given), Buffer.from(z.string().parse(JSON.parse(row.value)), 'hex'))
}

const keptSchema = alarmSettingsInputSchema.extend({
  mail: alarmSettingsInputSchema.shape.mail.extend({ password: z.string().nullable() }),
  webhook: z.object({ enabled: z.boolean(), url: z.string().nullable(), secret: z.string().nullable() }),
})

async function readKept(store: ControlStore): Promise<AlarmSettingsInput> {
  const row = await store.read.setting.findUnique({ where: { key: settingKey } })
  return row ? keptSchema.parse(JSON.parse(row.value)) : defaultAlarmSettings
}

function digest(token: string): Buffer {
  return createHash('sha256').update(token).digest()
}

function missing(message: string): AppError {
  return new AppError({ code: 'INVALID_INPUT', operation: 'set alarms', message, hint: 'Fill it in, or switch the channel off.' })
}
