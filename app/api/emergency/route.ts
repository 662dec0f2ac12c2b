import { emergencyRoute, readEmergencyPerson } from '@/app/_server/emergency'
import { readSituation } from '@/app/_server/emergency-situation'

/**
 * Whether there is an emergency: for anybody, in one word, since nobody can sign in while there is one. What is known of it is
 * for an administrator who has shown who they are.
 */
export const GET = emergencyRoute(null, async ({ container }) => {
  const situation = await readSituation(container)
  if (situation.status === 'answers' || situation.status === 'elsewhere') return { status: situation.status, person: null, details: null }
  const person = await readEmergencyPerson(container)
  if (!person) return { status: situation.status, person: null, details: null }
  const { target, since, presence, wayBack } = situation
  return {
    status: situation.status,
    person: person.email,
    details: {
      target,
      since,
      reason: presence.status === 'gone' ? presence.message : '',
      awaySince: wayBack?.away?.since ?? null,
      waiting: wayBack?.waiting ?? null,
    },
  }
})
