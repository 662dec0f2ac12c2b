import type pg from 'pg'

/** One statement without an answer of rows, or a `COPY … FROM STDIN` with all of its data. */
export type TogetherStep = string | { readonly copy: string; readonly data: Buffer }

/** What @types/pg does not tell of a connection. */
interface CopyingConnection {
  query(text: string): void
  sendCopyFromChunk(chunk: Buffer): void
  endCopyFrom(): void
}

/**
 * Runs several statements, COPY among them, in one message, with the data of every COPY right behind it: one round trip instead
 * of two or three each. The server takes them one after the other; after an error it skips the rest and drops the data that
 * was meant for it (https://www.postgresql.org/docs/current/protocol-flow.html#PROTOCOL-FLOW-MULTI-STATEMENT).
 * For what fits into memory.
 *
 * @throws pg.DatabaseError of the first statement that failed
 */
export async function sendTogether(client: pg.Client, steps: readonly TogetherStep[]): Promise<void> {
  if (steps.length > 0) await client.query(new Together(steps)).ended
}

class Together implements pg.Submittable {
  readonly ended: Promise<void>
  private resolve: () => void = () => undefined
  private reject: (error: unknown) => void = () => undefined

  constructor(private readonly steps: readonly TogetherStep[]) {
    this.ended = new Promise((resolve, reject) => {
      this.resolve = resolve
      this.reject = reject
    })
  }

  /** Called by pg when it is this message's turn. */
  submit(connection: pg.Connection): void {
    // pg's own Connection has them; its types leave them out.
    const line = connection as unknown as CopyingConnection
    line.query(this.steps.map((step) => (typeof step === 'string' ? step : step.copy)).join(';\n'))
    for (const step of this.steps) {
      if (typeof step === 'string') continue
      if (step.data.length > 0) line.sendCopyFromChunk(step.data)
      line.endCopyFrom()
    }
  }

  handleError(error: unknown): void {
    this.reject(error)
  }

  handleReadyForQuery(): void {
    this.resolve()
  }

  handleCopyInResponse(): void {
    // The data is on its way already.
  }

  handleCommandComplete(): void {
    // Of several statements each says so.
  }

  handleRowDescription(): void {
    // Nothing that answers rows belongs here; what does is ignored.
  }

  handleDataRow(): void {
    // As above.
  }

  handleEmptyQuery(): void {
    // Nothing to run is nothing wrong.
  }
}
