import type { AlarmSettingsView, mailSecurities } from '@/lib/alarms/alarm-view'

/** The form as it is typed: numbers and lists as text, secrets empty where the kept one stays. */
export interface AlarmDraft {
  readonly maxAgeHours: string
  readonly untestedAfterHours: string
  readonly smallPercent: string
  readonly locale: 'en' | 'fr'
  readonly mail: MailDraft
  readonly webhook: WebhookDraft
}

export interface MailDraft {
  readonly enabled: boolean
  readonly host: string
  readonly port: string
  readonly security: (typeof mailSecurities)[number]
  readonly user: string
  readonly password: string
  readonly from: string
  /** Addresses, apart by commas, spaces or lines. */
  readonly to: string
}

export interface WebhookDraft {
  readonly enabled: boolean
  readonly url: string
  readonly secret: string
}

export function draftOf({ maxAgeHours, untestedAfterHours, smallPercent, locale, mail, webhook }: AlarmSettingsView): AlarmDraft {
  const { hasPassword: _kept, to, port, ...server } = mail
  return {
    maxAgeHours: String(maxAgeHours),
    untestedAfterHours: String(untestedAfterHours),
    smallPercent: String(smallPercent),
    locale,
    mail: { ...server, port: String(port), to: to.join(', '), password: '' },
    webhook: { enabled: webhook.enabled, url: '', secret: '' },
  }
}

/** What the server takes; not checked yet. */
export function inputOf({ mail, webhook, ...rules }: AlarmDraft): unknown {
  const number = (text: string) => (/^\d+$/.test(text) ? Number(text) : Number.NaN)
  const secret = (text: string) => (text === '' ? null : text)
  return {
    maxAgeHours: number(rules.maxAgeHours),
    untestedAfterHours: number(rules.untestedAfterHours),
    smallPercent: number(rules.smallPercent),
    locale: rules.locale,
    mail: {
      ...mail,
      port: number(mail.port),
      password: secret(mail.password),
      to: mail.to.split(/[\s,;]+/).filter((address) => address !== ''),
    },
    webhook: { ...webhook, url: secret(webhook.url.trim()), secret: secret(webhook.secret) },
  }
}
