/** The zone of the browser, in which times are typed: Europe/Paris. */
export function browserZone(): string {
  return Intl.DateTimeFormat().resolvedOptions().timeZone
}

/** An instant as a field for date and time wants it, in the browser's zone: 2026-05-11T03:00. */
export function toLocalField(iso: string): string {
  const date = new Date(iso)
  const two = (value: number) => String(value).padStart(2, '0')
  return `${date.getFullYear()}-${two(date.getMonth() + 1)}-${two(date.getDate())}T${two(date.getHours())}:${two(date.getMinutes())}`
}

/** What was typed into such a field; null while it is no time. A time that the clocks skip is the one right after the gap. */
export function fromLocalField(text: string): string | null {
  const date = new Date(text)
  return text === '' || Number.isNaN(date.getTime()) ? null : date.toISOString()
}

/** The next three o'clock in the morning of the browser's zone, when few people are about. */
export function nextNight(now: Date): string {
  const night = new Date(now)
  night.setHours(3, 0, 0, 0)
  if (night <= now) night.setDate(night.getDate() + 1)
  return night.toISOString()
}
