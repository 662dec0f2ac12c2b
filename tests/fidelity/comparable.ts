/** Decimals compare as numbers; jsonb has no negative zero and an order of keys of its own; bytes come as Buffer or Uint8Array. */
export function comparable(value: unknown): unknown {
  if (value instanceof Uint8Array) return `bytes ${Buffer.from(value).toString('hex')}`
  if (value instanceof Date) return `date ${value.getTime()}`
  if (typeof value === 'bigint') return `bigint ${value}`
  if (typeof value === 'number') return value + 0
  if (value !== null && typeof value === 'object' && 'toFixed' in value) return `decimal ${String(value)}`
  if (Array.isArray(value)) return value.map(comparable)
  if (value !== null && typeof value === 'object')
    return Object.fromEntries(
      Object.entries(value)
        .sort()
        .map(([key, part]) => [key, comparable(part)]),
    )
  return value
}
