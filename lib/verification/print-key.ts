import { type Canonical, unreadable } from './canonical-value'
import type { KeyPart } from './row-order'

/** One value of a key for people, in the same words for both sides. */
export function printKeyValue(value: Canonical, part: KeyPart): string {
  if (value === unreadable) return 'unreadable'
  if (value === null) return 'NULL'
  switch (part.value.kind) {
    case 'bytes':
      return `x${Buffer.from(value, 'latin1').toString('hex')}`
    case 'uuid':
      return value.replace(/^(.{8})(.{4})(.{4})(.{4})(.{12})$/, '$1-$2-$3-$4-$5')
    case 'float':
      return String(Buffer.from(value, 'hex').readDoubleBE(0))
    default:
      return value
  }
}
