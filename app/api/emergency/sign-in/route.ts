import { cookies } from 'next/headers'
import { z } from 'zod'
import { emergencyCookie, emergencyRoute } from '@/app/_server/emergency'
import { readSituation } from '@/app/_server/emergency-situation'
import { clientAddress, usesSecureCookies } from '@/app/_server/session'
import { signInLimits } from '@/app/api/auth/sign-in-limits'
import { recentAuthenticationSeconds, signEmergencyPass } from '@/lib/auth/recent-authentication'
import { recordAudit } from '@/lib/control/audit'
import { AppError } from '@/lib/core/errors'
import { checkEmergencyAccount } from '@/lib/cvsite/emergency-account'

const bodySchema = z.object({ email: z.string().min(1).max(254), password: z.string().min(1).max(1_000) })

/**
 * Lets an administrator in while the accounts cannot be asked, by the SQLite copy, and to this one action. Attempts count like
 * those of a sign-in. The right answer sets a cookie that counts for ten minutes.
 */
export const POST = emergencyRoute(bodySchema, async ({ container, body }) => {
  const { control, environment, sqlitePath } = container
  const situation = await readSituation(container)
  if (sqlitePath === null || situation.status === 'answers' || situation.status === 'elsewhere') throw noEmergency()
  const administrators = situation.wayBack?.administrators ?? null
  const person = await checkEmergencyAccount({ sqlitePath, administrators, limits: signInLimits() }, body, await clientAddress())
  await recordAudit(control, {
    actor: person?.email ?? 'nobody',
    action: person ? 'emergency.signed-in' : 'emergency.refused',
    subject: 'sign-in',
  })
  if (!person) throw refused()
  const store = await cookies()
  store.set(emergencyCookie, signEmergencyPass(person.id, new Date(), environment.nextAuthSecret), {
    httpOnly: true,
    sameSite: 'strict',
    secure: usesSecureCookies(environment.siteUrl),
    path: '/',
    maxAge: recentAuthenticationSeconds,
  })
  return { person: person.email }
})

function noEmergency(): AppError {
  return new AppError({
    code: 'STATE_CONFLICT',
    operation: 'sign in for an emergency',
    message: 'There is no emergency: the accounts can be asked.',
    hint: 'Sign in as always.',
  })
}

function refused(): AppError {
  return new AppError({
    code: 'NOT_ALLOWED',
    operation: 'sign in for an emergency',
    message: 'This is not an administrator’s e-mail address and password, as the SQLite file has them.',
    hint: 'Use the password of the time of the switch, or run npm run rollback:sqlite -- --emergency on the server.',
  })
}
