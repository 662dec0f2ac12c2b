import { adminRoute } from '@/app/_server/api-route'
import { requireRecentAuthentication } from '@/app/_server/require-recent'
import { readActiveDatabase } from '@/lib/control/active-database'
import { isLive } from '@/lib/control/active-state'
import { switchChoiceSchema } from '@/lib/control/switch-choice'
import { chooseSwitch, readAnySwitchPlan } from '@/lib/control/switch-plan'
import { AppError } from '@/lib/core/errors'

/** When the copy is switched to, and what became of the plan; null where nothing was chosen. */
export const GET = adminRoute({}, async ({ container: { control } }) => ({ plan: await readAnySwitchPlan(control) }))

/** Chooses anew. Holding the switch is always allowed; what will move the app asks for the password, as the switch itself does. */
export const PUT = adminRoute({ body: switchChoiceSchema, rateLimit: 'job-start' }, async ({ container: { control }, user, body }) => {
  if (body.when.kind !== 'held') await requireRecentAuthentication(user, 'plan the switch')
  const { state } = await readActiveDatabase(control)
  if (!isLive(state) || !('jobId' in state) || state.jobId === null) throw noCopy()
  return { plan: await chooseSwitch(control, state.jobId, body, user.email) }
})

function noCopy(): AppError {
  return new AppError({
    code: 'STATE_CONFLICT',
    operation: 'plan the switch',
    message: 'There is no copy that follows the app and could be switched to.',
    hint: 'Reload the page to see where the app is now.',
  })
}
