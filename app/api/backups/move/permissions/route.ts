import { adminRoute } from '@/app/_server/api-route'
import { keptPaths } from '@/app/_server/kept-paths'
import { readRights, setRights } from '@/lib/backup/permissions'
import { recordAudit } from '@/lib/control/audit'

/** Gives everything that the app keeps to its own account alone. */
export const POST = adminRoute({ rateLimit: 'job-start' }, async ({ container, user }) => {
  const paths = keptPaths(container)
  const changed = await setRights(paths)
  await recordAudit(container.control, { actor: user.email, action: 'permissions.set', subject: 'files of the app', detail: { changed } })
  return { changed, rights: await readRights(paths) }
})
