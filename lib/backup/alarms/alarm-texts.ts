import type { Alarm, AlarmDetail } from './alarm-view'
import type { Mail } from './send-mail'

/** What alarms say by mail and webhook: sent by a process without a browser, whose language is a setting. */

type Locale = 'en' | 'fr'
type About = 'raised' | 'cleared' | 'test'

const sentences: Record<Locale, (detail: AlarmDetail) => string> = { en: english, fr: french }

/** One sentence for an alarm. */
export function alarmSentence(detail: AlarmDetail, locale: Locale): string {
  return sentences[locale](detail)
}

/** A mail about an alarm that was raised or is over. */
export function alarmMail(
  app: string,
  alarm: Pick<Alarm, 'detail' | 'raisedAt' | 'clearedAt'>,
  about: About,
  link: string,
  locale: Locale,
): Mail {
  const sentence = about === 'test' ? testSentence(locale) : alarmSentence(alarm.detail, locale)
  const fr = locale === 'fr'
  const heads: Record<About, string> = {
    raised: fr ? 'Alerte de sauvegarde' : 'Backup alarm',
    cleared: fr ? 'Alerte de sauvegarde levée' : 'Backup alarm cleared',
    test: fr ? 'Essai des alertes' : 'Test of the alarms',
  }
  const since = fr ? `Depuis le ${when(alarm.raisedAt, locale)}.` : `Since ${when(alarm.raisedAt, locale)}.`
  const over =
    alarm.clearedAt === null ? '' : fr ? ` Levée le ${when(alarm.clearedAt, locale)}.` : ` Cleared ${when(alarm.clearedAt, locale)}.`
  return {
    subject: `[${app}] ${heads[about]}${about === 'test' ? '' : `${fr ? ' : ' : ': '}${sentence}`}`.slice(0, 200),
    text: [sentence, ...(about === 'test' ? [] : [`${since}${over}`]), link].join('\n\n'),
  }
}

export function testSentence(locale: Locale): string {
  return locale === 'fr' ? 'Ceci est un essai : les alertes des sauvegardes arrivent.' : 'This is a test: alarms of the backups arrive.'
}

function english(detail: AlarmDetail): string {
  const at = detail.at === undefined ? '' : ` (${when(detail.at, 'en')})`
  const problem = detail.problem === undefined ? '' : ` ${detail.problem}`
  switch (detail.kind) {
    case 'backup-none':
      return 'There is no backup that could be used.'
    case 'backup-old':
      return `The newest good backup is too old${at}.`
    case 'backup-small':
      return `The newest backup is far smaller than those before it: ${bytes(detail.sizeBytes, 'en')} instead of about ${bytes(detail.usualBytes, 'en')}.`
    case 'backup-failed':
      return `The latest backup failed${at}.${problem}`
    case 'trial-failed':
      return `The newest backup could not be restored for a trial${at}.${problem}`
    case 'backup-untested':
      return `The newest backup was never restored for a trial${at}.`
    case 'disk-low':
      return `The disk of the backups has ${bytes(detail.freeBytes, 'en')} left, less than the last backup took (${bytes(detail.sizeBytes, 'en')}).`
    case 'destination-failed':
      return `The copy to ${detail.place ?? 'a destination'} failed${at}.${problem}`
  }
}

function french(detail: AlarmDetail): string {
  const at = detail.at === undefined ? '' : ` (${when(detail.at, 'fr')})`
  const problem = detail.problem === undefined ? '' : ` ${detail.problem}`
  switch (detail.kind) {
    case 'backup-none':
      return 'Aucune sauvegarde n’est utilisable.'
    case 'backup-old':
      return `La dernière bonne sauvegarde est trop ancienne${at}.`
    case 'backup-small':
      return `La dernière sauvegarde est bien plus petite que les précédentes : ${bytes(detail.sizeBytes, 'fr')} au lieu de ${bytes(detail.usualBytes, 'fr')} environ.`
    case 'backup-failed':
      return `La dernière sauvegarde a échoué${at}.${problem}`
    case 'trial-failed':
      return `La dernière sauvegarde n’a pas pu être restaurée à l’essai${at}.${problem}`
    case 'backup-untested':
      return `La dernière sauvegarde n’a jamais été restaurée à l’essai${at}.`
    case 'disk-low':
      return `Il reste ${bytes(detail.freeBytes, 'fr')} sur le disque des sauvegardes, moins que la dernière (${bytes(detail.sizeBytes, 'fr')}).`
    case 'destination-failed':
      return `La copie vers ${detail.place ?? 'une destination'} a échoué${at}.${problem}`
  }
}

function when(iso: string, locale: Locale): string {
  const format = new Intl.DateTimeFormat(locale === 'fr' ? 'fr-FR' : 'en-GB', { dateStyle: 'medium', timeStyle: 'short', timeZone: 'UTC' })
  return `${format.format(new Date(iso))} UTC`
}

function bytes(value: number | undefined, locale: Locale): string {
  const units = locale === 'fr' ? ['o', 'Ko', 'Mo', 'Go', 'To'] : ['B', 'kB', 'MB', 'GB', 'TB']
  const size = value ?? 0
  const step = size === 0 ? 0 : Math.min(units.length - 1, Math.floor(Math.log10(size) / 3))
  const figure = new Intl.NumberFormat(locale, { maximumFractionDigits: step === 0 ? 0 : 1 }).format(size / 1000 ** step)
  return `${figure}\u00a0${units[step] ?? ''}`
}
