import { cookies } from 'next/headers'
import type { ZodType } from 'zod'
import { readEmergencyPass } from '@/lib/auth/recent-authentication'
import { AppError, httpStatusOf } from '@/lib/core/errors'
import { findEmergencyEmail } from '@/lib/cvsite/emergency-account'
import { errorResponse } from './api-route'
import { type Container, getContainer } from './container'
import { checkOrigin, parseBody } from './request-checks'

/** The cookie of who gave an administrator's password while PostgreSQL was gone. */
export const emergencyCookie = 'cvsite.emergency'

export interface EmergencyPerson {
  readonly id: string
  readonly email: string
}

/** Who has shown within the last ten minutes that they are an administrator, by the SQLite copy; null for nobody. */
export async function readEmergencyPerson({ environment, sqlitePath }: Container): Promise<EmergencyPerson | null> {
  const pass = readEmergencyPass((await cookies()).get(emergencyCookie)?.value, new Date(), environment.nextAuthSecret)
  if (pass === null || sqlitePath === null) return null
  const email = await findEmergencyEmail(sqlitePath, pass.userId)
  return email === null ? null : { id: pass.userId, email }
}

interface EmergencyCall<Body> {
  readonly container: Container
  readonly body: Body
}

/** A route that works without accounts: the same checks of origin and body as others, and the same errors. */
export function emergencyRoute<Body = undefined>(
  schema: ZodType<Body> | null,
  handle: (call: EmergencyCall<Body>) => Promise<object>,
): (request: Request) => Promise<Response> {
  return async (request) => {
    let container: Container | undefined
    try {
      container = await getContainer()
      if (request.method !== 'GET') checkOrigin(request, container.environment.siteUrl)
      // undefined exactly where there is no schema.
      const body = (schema === null ? undefined : await parseBody(request, schema)) as Body
      return Response.json(await handle({ container, body }), { headers: { 'Cache-Control': 'no-store' } })
    } catch (error) {
      if (!(error instanceof AppError) || httpStatusOf(error.code) >= 500)
        container?.logger.error({ err: error }, 'emergency request failed')
      return errorResponse(error)
    }
  }
}
