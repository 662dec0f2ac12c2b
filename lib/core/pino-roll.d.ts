/** pino-roll 4 comes without types of its own: the part that we use, as its documentation has it. */
declare module 'pino-roll' {
  import type { DestinationStream } from 'pino'

  export interface RollOptions {
    /** Path without number and extension. */
    readonly file: string
    readonly extension?: string
    /** Such as 4m: a full file is followed by the next number. */
    readonly size?: string | number
    /** Files that are kept besides the one that is written. */
    readonly limit?: { readonly count: number; readonly removeOtherLogFiles?: boolean }
    /** Of SonicBoom: whether a line is on its way to the disk when write returns. */
    readonly sync?: boolean
    readonly mode?: number
  }

  export default function roll(options: RollOptions): Promise<DestinationStream>
}
