const form = '0000-00-00T00:00:00.000+00:00'
export const instantBytes = form.length
const zero = 48
const nine = 57

/** Offsets of the form's digits, and of what stands between and behind them. */
const digits = [...form].flatMap((character, offset) => (character === '0' && offset < 23 ? [offset] : []))
const fixed = [...form].flatMap((character, offset) => (digits.includes(offset) ? [] : [[offset, character.charCodeAt(0)] as const]))

/**
 * Whether bytes are `count` instants in the one form that Prisma writes, end to end, each on a day and at a time that
 * exist: those PostgreSQL reads as JavaScript does. Joined by group_concat() and looked at here an instant costs 0.15 µs,
 * with GLOB and substr() in SQL 0.6 µs.
 */
export function areIsoInstants(joined: Uint8Array | null, count: number): boolean {
  if (joined === null) return count === 0
  if (joined.length !== count * instantBytes) return false
  for (let at = 0; at < joined.length; at += instantBytes) if (!isIsoInstant(joined, at)) return false
  return true
}

function isIsoInstant(bytes: Uint8Array, at: number): boolean {
  for (const [offset, byte] of fixed) if (bytes[at + offset] !== byte) return false
  for (const offset of digits) {
    const digit = bytes[at + offset] ?? 0
    if (digit < zero || digit > nine) return false
  }
  const year = 100 * twoDigits(bytes, at) + twoDigits(bytes, at + 2)
  const day = twoDigits(bytes, at + 8)
  const isDay = year > 0 && day >= 1 && day <= daysOf(twoDigits(bytes, at + 5), year)
  return isDay && twoDigits(bytes, at + 11) < 24 && twoDigits(bytes, at + 14) < 60 && twoDigits(bytes, at + 17) < 60
}

const monthDays = [0, 31, 28, 31, 30, 31, 30, 31, 31, 30, 31, 30, 31]

/** 0 for a month that does not exist. */
function daysOf(month: number, year: number): number {
  const isLeapYear = year % 4 === 0 && (year % 100 !== 0 || year % 400 === 0)
  return month === 2 && isLeapYear ? 29 : (monthDays[month] ?? 0)
}

function twoDigits(bytes: Uint8Array, at: number): number {
  return ((bytes[at] ?? 0) - zero) * 10 + (bytes[at + 1] ?? 0) - zero
}
