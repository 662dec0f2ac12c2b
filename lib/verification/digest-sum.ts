/** The sum of digests of 128 bits, in two halves modulo 2^64. Unlike an exclusive or it notices a row that is there twice. */
export class DigestSum {
  rows = 0
  private high = 0n
  private low = 0n

  add(digest: Buffer): void {
    this.rows++
    this.high = BigInt.asUintN(64, this.high + digest.readBigUInt64BE(0))
    this.low = BigInt.asUintN(64, this.low + digest.readBigUInt64BE(8))
  }

  equals(other: DigestSum): boolean {
    return this.rows === other.rows && this.high === other.high && this.low === other.low
  }
}
