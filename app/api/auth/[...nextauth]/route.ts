import type { NextRequest } from 'next/server'
import NextAuth from 'next-auth'
import { createAuthOptions } from '../auth-options'

interface Context {
  readonly params: Promise<{ nextauth: string[] }>
}

/** next-auth's own routes: sign in, callbacks, sign out, session. */
async function handler(request: NextRequest, context: Context): Promise<Response> {
  return NextAuth(request, context, await createAuthOptions())
}

export { handler as GET, handler as POST }
