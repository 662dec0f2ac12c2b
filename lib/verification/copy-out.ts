import type pg from 'pg'

/** What may wait to be read; from there on the server is made to wait, by the socket's own buffers. */
const mostWaitingBytes = 256 * 1024

/**
 * A `COPY … TO STDOUT` whose answer is read as it comes from the socket, with the protocol's frames still around the rows
 * (https://www.postgresql.org/docs/current/protocol-flow.html#PROTOCOL-COPY): `TargetRows` steps over them. A stream that
 * makes a buffer of each row took a third of a whole proof, half of that for collecting the garbage.
 *
 * Meanwhile pg reads nothing; from the end of the rows on, or from an error, it reads on (`giveBack`).
 */
export class CopyOut implements pg.Submittable {
  private waiting: Buffer[] = []
  private waitingBytes = 0
  private stream: pg.Connection['stream'] | undefined
  private pgListener: ((chunk: Buffer) => void) | undefined
  private failure: unknown
  private wake: (() => void) | undefined
  private readonly ended: Promise<void>
  private end: () => void = () => undefined

  constructor(private readonly sql: string) {
    this.ended = new Promise((resolve) => {
      this.end = resolve
    })
  }

  /** Called by pg when it is this statement's turn. */
  submit(connection: pg.Connection): void {
    const { stream } = connection
    const listeners = stream.listeners('data')
    const [listener] = listeners
    if (!listener || listeners.length > 1) throw new Error('The connection is being read by others.')
    // It is pg's own, which takes what the socket gives.
    this.pgListener = listener as (chunk: Buffer) => void
    this.stream = stream
    stream.off('data', this.pgListener)
    stream.on('data', this.receive)
    connection.query(this.sql)
  }

  /** Waits until something has come, and takes all of it. @throws what went wrong with the connection */
  async take(): Promise<readonly Buffer[]> {
    while (this.waiting.length === 0) {
      if (this.failure !== undefined) throw this.failure
      await new Promise<void>((resolve) => {
        this.wake = resolve
      })
    }
    const taken = this.waiting
    this.waiting = []
    this.waitingBytes = 0
    this.stream?.resume()
    return taken
  }

  /**
   * Lets pg read on, first these bytes, which begin with a frame; resolves when the server has ended the statement.
   *
   * @throws pg.DatabaseError that the server sent, or what went wrong with the connection
   */
  async giveBack(bytes: Buffer): Promise<void> {
    const { stream, pgListener } = this
    if (stream && pgListener) {
      this.pgListener = undefined
      stream.off('data', this.receive)
      stream.on('data', pgListener)
      // pg may keep what it is given; the room that these bytes lie in is used again.
      pgListener(Buffer.concat([bytes, ...this.waiting]))
      this.waiting = []
      stream.resume()
    }
    await this.ended
    if (this.failure !== undefined) throw this.failure
  }

  handleError(error: unknown): void {
    this.failure ??= error
    this.end()
    this.wake?.()
  }

  handleCommandComplete(): void {
    // How many rows were sent is seen by who reads them.
  }

  handleReadyForQuery(): void {
    this.end()
  }

  private readonly receive = (chunk: Buffer): void => {
    this.waiting.push(chunk)
    this.waitingBytes += chunk.length
    if (this.waitingBytes > mostWaitingBytes) this.stream?.pause()
    this.wake?.()
  }
}

/** Begins the statement on a connection whose turn it is; its rows must be read to the end (`TargetRows.drain`). */
export function copyOut(client: pg.Client, sql: string): CopyOut {
  return client.query(new CopyOut(sql))
}
