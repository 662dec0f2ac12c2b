import { userRoute } from '@/app/_server/api-route'
import { createCv, listCvs } from '@/lib/cvsite/cvs'
import { getCvDependencies } from './cv-dependencies'
import { readNewCv } from './read-new-cv'

/** The person's CVs, the newest first. */
export const GET = userRoute({}, async ({ user }) => ({ cvs: await listCvs(await getCvDependencies(), user.id) }))

/** Adds a CV, written (JSON) or uploaded (form). 503 with Retry-After while the app is read-only. */
export const POST = userRoute({ status: 201 }, async ({ request, user }) => {
  const cv = await readNewCv(request)
  return { cv: await createCv(await getCvDependencies(), user.id, cv) }
})
