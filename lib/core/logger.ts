import pino, { type DestinationStream, type Logger } from 'pino'

export type { Logger }

const secrets = [
  'password',
  'passwordHash',
  'secret',
  'token',
  'url',
  'targetUrl',
  'connectionString',
  'sealedUrl',
  'passphrase',
  'identity',
]

/**
 * A structured logger on standard error, JSON lines, and into `file` where one is given; standard output stays free for
 * results. Fields that carry secrets are censored wherever they stand in the first two levels, and so is a password in
 * anything shaped like an address.
 */
export function createLogger(name: string, level: string, file?: DestinationStream): Logger {
  const stderr = pino.destination({ fd: 2, sync: true })
  const streams = file === undefined ? [stderr] : [stderr, file]
  const write = (line: string) => {
    const shown = censorAddresses(line)
    for (const stream of streams) stream.write(shown)
  }
  const paths = secrets.flatMap((field) => [field, `*.${field}`])
  return pino({ name, level, redact: { paths, censor: '[redacted]' } }, { write })
}

/** Takes the password out of anything shaped like user:password@host. */
export function censorAddresses(text: string): string {
  return text.replace(/(:\/\/[^\s:/@"]*):[^\s@"]*@/g, '$1:[redacted]@')
}
