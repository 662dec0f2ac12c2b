/**
 * The instant that Prisma reads from a text in a DateTime column, or null where it can read none.
 * Prisma adds what is missing (midnight, 1970-01-01, UTC) and gives the text to JavaScript's Date, which drops
 * what is finer than a millisecond. Seen in @prisma/client 7.10, `normalizeDateTime` of its data mapper.
 */
export function readDateText(text: string): Date | null {
  const trimmed = withSeconds(text.trim())
  const clock = /\d{2}:\d{2}:\d{2}(?:\.\d+)?\s?(Z|[+-]\d{2}(?::?\d{2})?)?$/.exec(trimmed)
  const date = new Date(clock ? withZone(trimmed, clock) : `${trimmed}T00:00:00Z`)
  return Number.isNaN(date.getTime()) ? null : date
}

/** SQLite reads a time without its seconds; Prisma reads none, so nothing that it reads is touched. */
function withSeconds(text: string): string {
  const parts = /^(\d{4}-\d\d-\d\d[ T]\d\d:\d\d)\s*(|Z|UTC|[+-]\d\d(?::?\d\d)?)$/.exec(text)
  return parts ? `${parts[1]}:00${parts[2] === 'UTC' ? 'Z' : parts[2]}` : text
}

function withZone(text: string, clock: RegExpExecArray): string {
  const [whole, zone] = clock
  const hoursOnly = zone !== undefined && /^[+-]\d{2}$/.test(zone)
  // "10:00:00 +00:00" has a space that Date does not take.
  const time = (zone === undefined ? `${whole}Z` : hoursOnly ? `${whole}:00` : whole).replace(/\s/, '')
  if (clock.index === 0) return `1970-01-01T${time}`
  const separator = text[clock.index - 1]
  return `${text.slice(0, clock.index - 1)}${separator === ' ' ? 'T' : separator}${time}`
}

/** The fourth to sixth digit of a text's second, as a number: what Date drops of it and PostgreSQL holds. */
export function readMicroseconds(text: string): number {
  const digits = /:\d\d\.\d{3}(\d{1,3})/.exec(text)?.[1]
  return digits === undefined ? 0 : Number(digits.padEnd(3, '0'))
}

/** The instant of a number in a DateTime column: milliseconds since 1970; null when it is beyond what Date holds. */
export function readDateNumber(milliseconds: number): Date | null {
  const date = new Date(milliseconds)
  return Number.isNaN(date.getTime()) ? null : date
}

/** An instant in UTC as PostgreSQL prints a `timestamp`: `2024-03-01 10:00:00.123`, `0044-03-15 00:00:00 BC`. */
export function printTimestamp(date: Date): string {
  return `${printDay(date)} ${printClock(date)}${printEra(date)}`
}

/** An instant as PostgreSQL prints a `date`; with its time where that is not midnight, which no `date` equals. */
export function printDate(date: Date): string {
  const clock = printClock(date)
  return clock === '00:00:00' ? `${printDay(date)}${printEra(date)}` : `${printDay(date)} ${clock}${printEra(date)}`
}

/** The time of day as PostgreSQL prints a `time`. */
export function printClock(date: Date): string {
  return date.toISOString().slice(-13, -1).replace(/0+$/, '').replace(/\.$/, '').padEnd(8, '0')
}

function printDay(date: Date): string {
  const year = date.getUTCFullYear()
  const printedYear = String(year > 0 ? year : 1 - year).padStart(4, '0')
  return `${printedYear}-${String(date.getUTCMonth() + 1).padStart(2, '0')}-${String(date.getUTCDate()).padStart(2, '0')}`
}

function printEra(date: Date): string {
  return date.getUTCFullYear() > 0 ? '' : ' BC'
}
