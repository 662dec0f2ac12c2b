import { createSignInLimits, type SignInLimits } from '@/lib/auth/sign-in-limits'

/** Kept on the global object: modules are loaded anew by the development server, and once per route when built. */
const holder = globalThis as typeof globalThis & { cvsiteSignInLimits?: SignInLimits }

/** The one set of counters of this process, shared by sign-in and by asking for the password again. */
export function signInLimits(): SignInLimits {
  holder.cvsiteSignInLimits ??= createSignInLimits()
  return holder.cvsiteSignInLimits
}
