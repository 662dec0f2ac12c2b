import type { Formatters } from './formatters'

/**
 * A parameter of a sentence as people read it: `sizeBytes` is the sentence's `size`, `waitedMs` its `waited`, `madeAt` its
 * `made` (a dash where there is none). Others stay as they are.
 */
export function writtenParam(name: string, value: string | number, format: Formatters): readonly [name: string, value: string | number] {
  if (typeof value === 'string')
    return name.endsWith('At') ? [name.slice(0, -2), value === '' ? '–' : format.dateTime(value)] : [name, value]
  if (name.endsWith('Bytes')) return [name.slice(0, -5), format.bytes(value)]
  if (name.endsWith('Ms')) return [name.slice(0, -2), format.duration(Math.max(1, value))]
  return [name, value]
}

/** `writtenParam` of each. */
export function writtenParams(params: Readonly<Record<string, string | number>>, format: Formatters): Record<string, string | number> {
  return Object.fromEntries(Object.entries(params).map(([name, value]) => writtenParam(name, value, format)))
}
