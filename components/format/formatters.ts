export interface Formatters {
  /** 1,234,567 */
  number(value: number): string
  /** 1.2M, for narrow places. */
  compact(value: number): string
  /** A share of 0 to 1 as a whole percentage; never 100 % before all is done, never 0 % once begun. */
  percent(share: number): string
  /** 394 MB (decimal units, as drives and PostgreSQL hosts advertise them). */
  bytes(sizeBytes: number): string
  /** 340 ms, 4.2 s, 2 min 13 s, 1 h 5 min. */
  duration(elapsedMs: number): string
  /** Date and time of day in the reader's time zone. */
  dateTime(iso: string): string
  /** Time of day with seconds in the reader's time zone. */
  time(iso: string): string
  /** +1,204 or −3; 0 stays 0. */
  signed(value: number): string
  /** "3 minutes ago". */
  relative(iso: string, nowMs: number): string
}

const byteUnits = ['byte', 'kilobyte', 'megabyte', 'gigabyte', 'terabyte'] as const
const agoSteps = [
  ['day', 86_400],
  ['hour', 3_600],
  ['minute', 60],
  ['second', 1],
] as const

/** Formatters of one language. Building Intl objects costs far more than using them, so they are kept. */
export function createFormatters(locale: string): Formatters {
  // French has no narrow unit that people write by hand ("2min"); English has ("2m").
  const unitDisplay = locale.startsWith('fr') ? 'short' : 'narrow'
  const number = new Intl.NumberFormat(locale)
  const signed = new Intl.NumberFormat(locale, { signDisplay: 'exceptZero' })
  const compact = new Intl.NumberFormat(locale, { notation: 'compact', maximumFractionDigits: 1 })
  const percent = new Intl.NumberFormat(locale, { style: 'percent', maximumFractionDigits: 0 })
  const dateTime = new Intl.DateTimeFormat(locale, { dateStyle: 'medium', timeStyle: 'short' })
  const time = new Intl.DateTimeFormat(locale, { timeStyle: 'medium' })
  const relative = new Intl.RelativeTimeFormat(locale, { numeric: 'auto' })
  const unit = (value: number, name: string, digits = 0) =>
    new Intl.NumberFormat(locale, { style: 'unit', unit: name, unitDisplay, maximumFractionDigits: digits }).format(value)

  return {
    number: (value) => number.format(value),
    compact: (value) => compact.format(value),
    signed: (value) => signed.format(value),
    percent: (share) => percent.format(share >= 1 ? 1 : share <= 0 ? 0 : Math.min(0.99, Math.max(0.01, share))),
    bytes: (sizeBytes) => {
      const power = sizeBytes < 1 ? 0 : Math.min(byteUnits.length - 1, Math.floor(Math.log10(sizeBytes) / 3))
      const scaled = sizeBytes / 1000 ** power
      return new Intl.NumberFormat(locale, {
        style: 'unit',
        unit: byteUnits[power] ?? 'byte',
        unitDisplay: 'short',
        maximumFractionDigits: power > 0 && scaled < 100 ? 1 : 0,
      }).format(scaled)
    },
    duration: (elapsedMs) => {
      if (elapsedMs < 1000) return unit(Math.round(elapsedMs), 'millisecond')
      if (elapsedMs < 9_950) return unit(elapsedMs / 1000, 'second', 1)
      const seconds = Math.round(elapsedMs / 1000)
      const [hours, minutes, rest] = [Math.floor(seconds / 3600), Math.floor((seconds % 3600) / 60), seconds % 60]
      if (hours > 0 && minutes === 0) return unit(hours, 'hour')
      if (hours > 0) return `${unit(hours, 'hour')} ${unit(minutes, 'minute')}`
      return minutes > 0 ? `${unit(minutes, 'minute')} ${unit(rest, 'second')}` : unit(rest, 'second')
    },
    dateTime: (iso) => dateTime.format(new Date(iso)),
    time: (iso) => time.format(new Date(iso)),
    relative: (iso, nowMs) => {
      const seconds = Math.round((new Date(iso).getTime() - nowMs) / 1000)
      const [name, size] = agoSteps.find(([, step]) => Math.abs(seconds) >= step) ?? ['second', 1]
      return relative.format(Math.trunc(seconds / size), name)
    },
  }
}
