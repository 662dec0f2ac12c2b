import type { StopReason } from '@/lib/control/switch-choice'
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
  const isOfBackups = alarm.detail.kind !== 'switch-held' && alarm.detail.kind !== 'postgres-away'
  const word = isOfBackups ? (fr ? 'Alerte de sauvegarde' : 'Backup alarm') : fr ? 'Alerte' : 'Alarm'
  const heads: Record<About, string> = {
    raised: word,
    cleared: fr ? `${word} levée` : `${word} cleared`,
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
    case 'switch-held':
      return `The planned switch to PostgreSQL was not made${at}: ${englishReasons[detail.reason ?? 'failed']}. The app goes on on SQLite; choose anew on the Migration page.`
    case 'postgres-away':
      return `PostgreSQL, which the app runs on, does not answer${at}.${problem} If it stays away, an administrator can go on with SQLite at /emergency.`
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
    case 'switch-held':
      return `La bascule prévue vers PostgreSQL n’a pas eu lieu${at}\u00a0: ${frenchReasons[detail.reason ?? 'failed']}. L’application reste sur SQLite\u00a0; choisissez à nouveau sur la page Migration.`
    case 'postgres-away':
      return `PostgreSQL, sur lequel l’application fonctionne, ne répond pas${at}.${problem} S’il ne revient pas, un administrateur peut continuer sur SQLite à l’adresse /emergency.`
  }
}

const englishReasons: Record<StopReason, string> = {
  'worker-away': 'no worker ran at the time',
  'not-ready': 'the copy was not finished and proved in time',
  'not-following': 'the copy could not follow the app',
  busy: 'another job was in the way',
  failed: 'it was tried and failed',
  'tried-often': 'it was tried as often as is sensible',
  'no-copy': 'the migration did not succeed',
}
const frenchReasons: Record<StopReason, string> = {
  'worker-away': 'aucun worker ne tournait à l’heure dite',
  'not-ready': 'la copie n’était pas terminée et prouvée à temps',
  'not-following': 'la copie ne pouvait pas suivre l’application',
  busy: 'une autre tâche occupait la place',
  failed: 'elle a été tentée et a échoué',
  'tried-often': 'elle a été tentée aussi souvent qu’il est raisonnable',
  'no-copy': 'la migration n’a pas abouti',
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
