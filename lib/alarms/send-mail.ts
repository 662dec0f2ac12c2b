import { createTransport } from 'nodemailer'
import { AppError, reportError } from '@/lib/core/errors'
import { checkAddress } from '@/lib/postgres/target-url'
import type { AlarmSettingsInput } from './alarm-view'

export interface Mail {
  readonly subject: string
  readonly text: string
}

/**
 * Sends one mail through the server of the settings. With `starttls` nothing is said before the connection is encrypted;
 * certificates are checked, except of a server on this very machine, which has none that could be.
 *
 * @throws AppError DESTINATION_FAILED with what the server said
 */
export async function sendMail(server: AlarmSettingsInput['mail'], mail: Mail): Promise<void> {
  const isLocal = ['localhost', '127.0.0.1', '::1'].includes(server.host)
  try {
    // A mail server in one's own network is the rule; an address that is nobody's server is not called.
    checkAddress(server.host, true)
    const transport = createTransport({
      host: server.host,
      port: server.port,
      secure: server.security === 'tls',
      requireTLS: server.security === 'starttls',
      ignoreTLS: server.security === 'none',
      tls: { rejectUnauthorized: !isLocal },
      ...(server.user === '' ? {} : { auth: { user: server.user, pass: server.password ?? '' } }),
      connectionTimeout: 10_000,
      greetingTimeout: 10_000,
      socketTimeout: 20_000,
      // What is sent is ours; nothing of it may make the library read files or fetch addresses.
      disableFileAccess: true,
      disableUrlAccess: true,
    })
    try {
      const sent = await transport.sendMail({ from: server.from, to: [...server.to], ...mail })
      if (sent.rejected.length > 0) throw new Error(`The server refused ${sent.rejected.length} of the recipients.`)
    } finally {
      transport.close()
    }
  } catch (error) {
    throw new AppError({
      code: 'DESTINATION_FAILED',
      operation: 'send a mail',
      subject: `${server.host}:${server.port}`,
      message: `The mail could not be sent by ${server.host}:${server.port}. ${said(error, server.password)}`,
      hint: 'Look at server, port, encryption, user and password.',
      retryable: true,
      cause: error,
    })
  }
}

function said(error: unknown, password: string | null): string {
  const { message } = reportError(error)
  return (password === null || password === '' ? message : message.replaceAll(password, '[redacted]')).slice(0, 500)
}
