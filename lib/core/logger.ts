import pino, { type Logger } from 'pino'

export type { Logger }

/**
 * A structured logger on standard error, JSON lines; standard output stays free for results.
 * Fields that carry secrets are censored wherever they stand in the first two levels.
 */
export function createLogger(name: string, level: string): Logger {
  const secrets = ['password', 'passwordHash', 'secret', 'token', 'url', 'targetUrl', 'connectionString']
  return pino(
    { name, level, redact: { paths: secrets.flatMap((field) => [field, `*.${field}`]), censor: '[redacted]' } },
    pino.destination({ fd: 2, sync: true }),
  )
}
