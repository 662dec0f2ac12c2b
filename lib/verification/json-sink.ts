import { createHash, type Hash, hash } from 'node:crypto'

/** What an object may have as bytes; beyond, only digests of its members are held. */
const mostPlainBytes = 16 * 1024
/** Up to so many are sorted by hand. */
const fewMembers = 24
/** Ends a text, a key or a number: no byte of UTF-8. */
export const endOfText = 0xff

const [plainObject, summedObject, closeObject] = [0x7b, 0x23, 0x7d]

/**
 * Takes JSON value by value and answers a digest of its meaning: whatever order the members of objects came in, equal meanings
 * have equal digests, and others have not. However large the document is, 16 KiB are held for each object that is open.
 *
 * A value is written as bytes that no other value has: texts and numbers up to an end mark, items one after the other, an object's
 * members in the order of their keys. An object that would be longer than 16 KiB so is the number of its members and the sum of
 * their SHA-256, for which they need not be brought into an order, nor held.
 */
export class JsonSink {
  /** Whether an object may have had a key twice: then the digest means nothing. */
  hasDoubledKeys = false
  private bytes = Buffer.allocUnsafeSlow(4 * mostPlainBytes)
  private top = 0
  private depth = 0
  /** For sorting: the members of an object in order, of which each has three bytes at least, and its bytes before. */
  private readonly order = new Int32Array(mostPlainBytes)
  private readonly unsorted = Buffer.allocUnsafeSlow(mostPlainBytes)
  private level: Level
  private readonly levels: Level[]
  private readonly marks: KeyMarks | null

  /** @param hasUniqueKeys where that is known, as of jsonb: then nothing of the keys is held */
  constructor(hasUniqueKeys: boolean) {
    this.marks = hasUniqueKeys ? null : new KeyMarks()
    // What is outside of every object is as a member that has grown too long.
    this.level = createLevel(true)
    this.levels = [this.level]
  }

  openObject(): void {
    this.depth++
    const level = this.levels[this.depth] ?? createLevel(false)
    this.levels[this.depth] = level
    this.level = level
    level.openAt = this.top
    level.isSummed = false
    level.isSorted = true
    level.count = 0
    this.reserve(1)
    this.bytes[this.top++] = plainObject
  }

  beginMember(): void {
    this.level.memberAt = this.top
    this.level.keyEnd = -1
    this.marks?.begin()
  }

  /** Once the key and its end mark are written. */
  endKey(): void {
    const { level } = this
    level.keyEnd = this.top
    if (level.isSummed) this.markKey(level)
  }

  endMember(): void {
    const { level } = this
    if (level.isSummed) {
      if (level.hash === null) this.add(level, hash('sha256', this.bytes.subarray(level.memberAt, this.top), 'buffer'))
      else {
        this.flush(level)
        this.add(level, level.hash.digest())
        level.hash = null
      }
      this.top = level.memberAt
    } else {
      const { starts, keyEnds, count } = level
      if (count > 0 && this.compareKeys(starts[count - 1], keyEnds[count - 1], level.memberAt, level.keyEnd) >= 0) level.isSorted = false
      starts[count] = level.memberAt
      keyEnds[count] = level.keyEnd
    }
    level.count++
  }

  closeObject(): void {
    const { level } = this
    this.reserve(41)
    if (level.isSummed) {
      if (this.marks?.endObject(level.marksFrom)) this.hasDoubledKeys = true
      this.top = level.openAt
      this.bytes[this.top++] = summedObject
      for (const sum of level.sums) this.top = this.bytes.writeUInt32LE(sum, this.top)
      this.top = this.bytes.writeDoubleLE(level.count, this.top)
    } else {
      if (!level.isSorted) this.sortMembers(level)
      this.bytes[this.top++] = closeObject
    }
    this.depth--
    this.level = this.levels[this.depth] ?? level
    this.settle()
  }

  writeByte(byte: number): void {
    this.reserve(1)
    this.bytes[this.top++] = byte
    this.settle()
  }

  write(bytes: Buffer, start: number, end: number): void {
    for (let from = start; from < end; from += mostPlainBytes) {
      const size = Math.min(end - from, mostPlainBytes)
      this.reserve(size)
      copyBytes(bytes, from, from + size, this.bytes, this.top)
      this.top += size
      this.settle()
    }
  }

  /** Once the document is whole. */
  finish(): string {
    this.flush(this.level)
    return this.level.hash?.digest('hex') ?? ''
  }

  /** Lets go of what is too much of the innermost object: its members, or what there is of the one at hand. */
  private settle(): void {
    const { level } = this
    if (!level.isSummed && this.top - level.openAt > mostPlainBytes) this.sumMembers(level)
    if (level.isSummed && this.top - level.memberAt > mostPlainBytes) this.flush(level)
  }

  private flush(level: Level): void {
    level.hash ??= createHash('sha256')
    if (level.keyEnd < 0) this.marks?.take(this.bytes, level.memberAt, this.top)
    level.hash.update(this.bytes.subarray(level.memberAt, this.top))
    this.top = level.memberAt
  }

  private sumMembers(level: Level): void {
    const { starts, keyEnds, count, openAt, memberAt, keyEnd } = level
    level.isSummed = true
    level.hash = null
    level.sums.fill(0)
    level.marksFrom = this.marks?.count ?? 0
    for (let member = 0; member < count; member++) {
      level.memberAt = starts[member] ?? 0
      level.keyEnd = keyEnds[member] ?? 0
      this.markKey(level)
      this.add(
        level,
        hash('sha256', this.bytes.subarray(level.memberAt, starts[member + 1 < count ? member + 1 : -1] ?? memberAt), 'buffer'),
      )
    }
    // The one at hand takes the place of the first.
    this.bytes.copyWithin(openAt, memberAt, this.top)
    const shift = memberAt - openAt
    this.top -= shift
    level.memberAt = openAt
    level.keyEnd = keyEnd < 0 ? keyEnd : keyEnd - shift
    if (keyEnd >= 0) this.markKey(level)
  }

  private markKey({ memberAt, keyEnd }: Level): void {
    this.marks?.take(this.bytes, memberAt, keyEnd)
    this.marks?.note()
  }

  private add({ sums }: Level, digest: Buffer): void {
    for (let lane = 0; lane < sums.length; lane++) sums[lane] = (sums[lane] ?? 0) + digest.readUInt32LE(4 * lane)
  }

  private sortMembers({ openAt, starts, keyEnds, count }: Level): void {
    const compare = (one: number, other: number) => this.compareKeys(starts[one], keyEnds[one], starts[other], keyEnds[other])
    const { order, unsorted } = this
    if (count <= fewMembers) {
      for (let member = 0; member < count; member++) {
        let at = member
        for (; at > 0 && compare(order[at - 1] ?? 0, member) > 0; at--) order[at] = order[at - 1] ?? 0
        order[at] = member
      }
    } else {
      for (let member = 0; member < count; member++) order[member] = member
      order.subarray(0, count).sort(compare)
    }
    for (let at = 1; at < count; at++) if (compare(order[at - 1] ?? 0, order[at] ?? 0) === 0) this.hasDoubledKeys = true
    copyBytes(this.bytes, openAt, this.top, unsorted, 0)
    let to = openAt + 1
    for (let at = 0; at < count; at++) {
      const member = order[at] ?? 0
      const start = starts[member] ?? 0
      const end = member + 1 < count ? (starts[member + 1] ?? 0) : this.top
      copyBytes(unsorted, start - openAt, end - openAt, this.bytes, to)
      to += end - start
    }
  }

  /** The order of jsonb's keys, so that there is nothing to sort on one side: shorter first, then by bytes. */
  private compareKeys(one = 0, oneEnd = 0, other = 0, otherEnd = 0): number {
    const size = oneEnd - one
    if (size !== otherEnd - other) return size - (otherEnd - other)
    for (let at = 0; at < size; at++) {
      const difference = (this.bytes[one + at] ?? 0) - (this.bytes[other + at] ?? 0)
      if (difference !== 0) return difference
    }
    return 0
  }

  private reserve(size: number): void {
    if (this.top + size <= this.bytes.length) return
    const larger = Buffer.allocUnsafeSlow(2 * this.bytes.length + size)
    this.bytes.copy(larger, 0, 0, this.top)
    this.bytes = larger
  }
}

/** The call into native code costs as much as some sixty bytes copied here. */
function copyBytes(from: Buffer, start: number, end: number, to: Buffer, at: number): void {
  if (end - start > 60) from.copy(to, at, start, end)
  else for (let offset = 0; offset < end - start; offset++) to[at + offset] = from[start + offset] ?? 0
}

/** An open object. Places are those in the bytes of the sink. */
interface Level {
  openAt: number
  /** Of the member at hand; `keyEnd` is negative until its key is whole. */
  memberAt: number
  keyEnd: number
  /** The members before it: of as many as `count` says, unless they were summed. */
  count: number
  readonly starts: number[]
  readonly keyEnds: number[]
  isSorted: boolean
  isSummed: boolean
  /** In eight lanes that overflow each for itself. */
  readonly sums: Uint32Array
  /** Of a member at hand that is too long to be held. */
  hash: Hash | null
  marksFrom: number
}

function createLevel(isSummed: boolean): Level {
  const members = { count: 0, starts: [], keyEnds: [], isSorted: true }
  return { ...members, openAt: 0, memberAt: 0, keyEnd: 0, isSummed, sums: new Uint32Array(8), hash: null, marksFrom: 0 }
}

/**
 * Eight bytes of each key in the objects that are summed, to find whether one came twice. Two keys may have the same mark, once in
 * 2^53: it takes a longer look then, no more.
 */
class KeyMarks {
  count = 0
  private marks = new Float64Array(1024)
  private high = 0
  private low = 0

  begin(): void {
    this.high = 0x2c1b3c6d
    this.low = 0x297a2d39
  }

  take(bytes: Buffer, start: number, end: number): void {
    let { high, low } = this
    for (let at = start; at < end; at++) {
      const byte = bytes[at] ?? 0
      high = Math.imul(high ^ byte, 0x0100_0193)
      low = Math.imul((low ^ (low >>> 15)) + byte, 0x85eb_ca6b)
    }
    this.high = high
    this.low = low
  }

  note(): void {
    if (this.count === this.marks.length) {
      const larger = new Float64Array(Math.ceil(this.count * 1.5))
      larger.set(this.marks)
      this.marks = larger
    }
    this.marks[this.count++] = (this.high >>> 0) * 2 ** 21 + (this.low >>> 11)
    this.begin()
  }

  /** Whether a key came twice since there were so many; they are forgotten. */
  endObject(from: number): boolean {
    const marks = this.marks.subarray(from, this.count).sort()
    this.count = from
    for (let at = 1; at < marks.length; at++) if (marks[at] === marks[at - 1]) return true
    return false
  }
}
