/** What can keep somebody from signing in; each has its words in `auth.errors`. */
export type SignInProblem = 'wrong' | 'rateLimited' | 'unavailable' | 'network' | 'notLinked' | 'denied' | 'provider'

const byCode: Readonly<Record<string, SignInProblem>> = {
  CredentialsSignin: 'wrong',
  RateLimited: 'rateLimited',
  Unavailable: 'unavailable',
  Configuration: 'unavailable',
  OAuthAccountNotLinked: 'notLinked',
  AccessDenied: 'denied',
}

/** The problem that a code of next-auth (or of our own authorize) stands for; null without a code. */
export function signInProblem(code: string | null): SignInProblem | null {
  if (code === null || code === '') return null
  // The rest are steps of a provider: OAuthSignin, OAuthCallback, OAuthCreateAccount, Callback.
  return byCode[code] ?? 'provider'
}
