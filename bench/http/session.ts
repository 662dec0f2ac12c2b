/** Signed in through the app's own routes, as a browser is: the cookies, and requests that carry them. */
export interface Session {
  fetch(path: string, init?: { readonly method?: string; readonly body?: unknown }): Promise<Response>
}

export interface SessionOptions {
  /** Of the web process that signs in; any other of the same app takes the cookies too. */
  readonly url: string
  readonly origin: string
  readonly email: string
  readonly password: string
}

/** A request that is not answered for so long is counted as cut, in milliseconds. */
export const answerLimitMs = 30_000

/** @throws Error when the app does not let this person in */
export async function signIn({ url, origin, email, password }: SessionOptions): Promise<Session & { readonly cookie: string }> {
  const cookies = new Map<string, string>()
  const send = async (path: string, init: RequestInit = {}) => {
    const headers = { Origin: origin, Cookie: cookieHeader(cookies), ...(init.headers as Record<string, string> | undefined) }
    const response = await fetch(`${url}${path}`, { ...init, headers, redirect: 'manual', signal: AbortSignal.timeout(answerLimitMs) })
    keepCookies(cookies, response)
    return response
  }
  const { csrfToken } = (await (await send('/api/auth/csrf')).json()) as { csrfToken: string }
  const form = new URLSearchParams({ csrfToken, email, password, json: 'true', callbackUrl: url })
  const answer = await send('/api/auth/callback/credentials', { method: 'POST', body: form })
  if (![...cookies.keys()].some((name) => name.endsWith('session-token'))) throw new Error(`${email} is not let in: ${answer.status}`)
  return sessionOf(url, origin, cookieHeader(cookies))
}

/** The same person at another web process. */
export function sessionOf(url: string, origin: string, cookie: string): Session & { readonly cookie: string } {
  return {
    cookie,
    fetch: (path, { method = 'GET', body } = {}) =>
      fetch(`${url}${path}`, {
        method,
        headers: { Origin: origin, Cookie: cookie, ...(body === undefined ? {} : { 'Content-Type': 'application/json' }) },
        signal: AbortSignal.timeout(answerLimitMs),
        ...(body === undefined ? {} : { body: JSON.stringify(body) }),
      }),
  }
}

function cookieHeader(cookies: ReadonlyMap<string, string>): string {
  return [...cookies].map(([name, value]) => `${name}=${value}`).join('; ')
}

function keepCookies(cookies: Map<string, string>, response: Response): void {
  for (const line of response.headers.getSetCookie()) {
    const [pair = ''] = line.split(';')
    const at = pair.indexOf('=')
    cookies.set(pair.slice(0, at), pair.slice(at + 1))
  }
}
