import { z } from 'zod'
import { adminRoute } from '@/app/_server/api-route'
import { listSavedTargets, saveTarget } from '@/lib/jobs/saved-targets'

/** The saved targets by name and label; never their addresses. */
export const GET = adminRoute({}, async ({ container }) => ({ targets: await listSavedTargets(container.control) }))

const bodySchema = z.object({ name: z.string().max(80).default(''), url: z.string().trim().min(1).max(20_000) })

/** Keeps a target's address, sealed. */
export const POST = adminRoute({ body: bodySchema, rateLimit: 'target-test', status: 201 }, async ({ container, user, body }) => {
  const { control, environment } = container
  const target = { name: body.name, url: body.url, allowPrivate: environment.allowPrivateTargets, actor: user.email }
  return { target: await saveTarget(control, target, environment.nextAuthSecret) }
})
