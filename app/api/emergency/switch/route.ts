import { cookies } from 'next/headers'
import { z } from 'zod'
import { emergencyCookie, emergencyRoute, readEmergencyPerson } from '@/app/_server/emergency'
import { AppError } from '@/lib/core/errors'
import { switchInEmergency } from '@/lib/migration/switch-in-emergency'

const bodySchema = z.object({ confirmation: z.literal('SQLite') })

/** Takes the app to SQLite at once. Done here and now, not by a job: in an emergency the worker may be gone as well, or busy. */
export const POST = emergencyRoute(bodySchema, async ({ container }) => {
  const { control: store, sqlitePath, openTarget, logger } = container
  const person = await readEmergencyPerson(container)
  if (!person) {
    throw new AppError({
      code: 'NOT_SIGNED_IN',
      operation: 'switch to SQLite in an emergency',
      message: 'An administrator’s password has to be given first.',
      hint: 'It counts for ten minutes. Give it again.',
    })
  }
  const { at, lastKnown } = await switchInEmergency({ store, sqlitePath, openTarget }, person.email, (event) => {
    if (event.type === 'log') logger[event.level]({ emergency: true }, event.message)
  })
  ;(await cookies()).delete(emergencyCookie)
  return { at, lastKnown }
})
