import pg from 'pg'
import { isThisMachine, resolveAddress, tlsOptions } from './connect'
import { offersTls } from './probe-certificate'
import { asTargetUrl, type TargetUrl } from './target-url'

/** How long the server may take to say whether it speaks TLS, in milliseconds. */
const patienceMs = 3_000

/**
 * How code that opens its own connections (Prisma's adapter) reaches a target: protected as `connectPostgres` does it. Pg's
 * own reading of the URL would check certificates from sslmode=require on, which libpq and a migration do not, and it knows
 * no sslmode=prefer.
 *
 * Asks the server once where the mode leaves it open. Never fails for a server that is down.
 */
export async function ownConnectionConfig(url: TargetUrl | string): Promise<pg.PoolConfig> {
  const target = asTargetUrl(url)
  const { host, port, user, password, database, options } = target
  return {
    host,
    port,
    user,
    // As in `clientConfig`: an empty one must not be looked for elsewhere.
    password: () => password,
    database,
    ...(options === null ? {} : { options }),
    ...(await protection(target)),
  }
}

async function protection(target: TargetUrl): Promise<Pick<pg.PoolConfig, 'ssl' | 'Client'>> {
  if (target.sslMode === 'disable') return { ssl: false }
  if (target.sslMode !== 'prefer') return { ssl: tlsOptions(target) }
  const address = await resolveAddress(target).catch(() => null)
  if (address !== null && isThisMachine(address)) return { ssl: false }
  const offers = await offersTls(target, AbortSignal.timeout(patienceMs)).catch(() => null)
  return { Client: preferringClient(target, offers ?? true) }
}

/**
 * A client that speaks TLS as long as the server does. The server is asked when the app opens its database; should it have
 * been down then, or be set up anew later, the first connection that it refuses for that reason changes those after it.
 */
export function preferringClient(target: TargetUrl, offersTlsNow: boolean): typeof pg.Client {
  let isProtected = offersTlsNow
  const note = (error: unknown) => {
    if (!(error instanceof Error)) return
    if (/does not support SSL/i.test(error.message)) isProtected = false
    // 28000 with "no encryption": the server takes only hostssl.
    else if (/no pg_hba\.conf entry .*no encryption/i.test(error.message)) isProtected = true
  }
  return class extends pg.Client {
    constructor(config?: string | pg.ClientConfig) {
      super({ ...(typeof config === 'string' ? { connectionString: config } : config), ssl: isProtected ? tlsOptions(target) : false })
    }
    // Pools call it with a callback, everybody else awaits it.
    override connect(): Promise<pg.Client>
    override connect(callback: ((error: Error) => void) | ((error: null, client: pg.Client) => void)): void
    override connect(callback?: ((error: Error) => void) | ((error: null, client: pg.Client) => void)): Promise<pg.Client> | undefined {
      const connected = super.connect()
      connected.catch(note)
      if (callback === undefined) return connected
      // Both forms of callback are one function: pg calls it with an error, or with null and the client.
      const call = callback as (error: Error | null, client?: pg.Client) => void
      connected.then(
        () => call(null, this),
        (error: Error) => call(error),
      )
      return undefined
    }
  }
}
