import { adminRoute } from '@/app/_server/api-route'
import { idParamsSchema } from '@/app/_server/path-schemas'
import { requireRecentAuthentication } from '@/app/_server/require-recent'
import { removeTarget } from '@/lib/jobs/saved-targets'

/** Forgets a saved target; the database itself is left alone. */
export const DELETE = adminRoute({ params: idParamsSchema }, async ({ container, user, params }) => {
  await requireRecentAuthentication(user, 'remove a saved target')
  await removeTarget(container.control, params.id, user.email)
  return { removed: params.id }
})
